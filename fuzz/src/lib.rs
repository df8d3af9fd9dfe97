//! What the fuzz targets share: loading a project of few files, and what has to hold of everything that comes out.

pub mod output;
pub mod project;
