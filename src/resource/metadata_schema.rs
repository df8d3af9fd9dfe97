//! Checks metadata against the schema of its type, as the server does.

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::schema_work::{SchemaWork, SchemaWorkError};

/// The name under which a schema is compiled. Nothing is ever read from it.
const NAME: &str = "memory:///metadata_schema";
/// Its last part.
const SHORT_NAME: &str = "metadata_schema";

/// A compiled schema of metadata.
pub struct MetadataSchema {
    schemas: Schemas,
    index: boon::SchemaIndex,
    work: SchemaWork,
}

/// Why metadata does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataProblem {
    /// The path of the value within the metadata. Empty for the metadata as a whole.
    pub path: Vec<String>,
    /// The message, without the value.
    pub message: String,
}

impl MetadataSchema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// Why it is no JSON Schema, that it refers to a document of its own, or that it makes too much work.
    pub fn new(schema: &Value) -> Result<Self, String> {
        let work = Self::work(schema).map_err(|error| error.to_string())?;
        let mut compiler = Compiler::new();
        // Nothing is loaded: a schema that refers to another document is refused.
        compiler.use_loader(Box::new(NoDocuments));
        compiler
            .add_resource(NAME, schema.clone())
            .map_err(|error| error.to_string())?;
        let mut schemas = Schemas::new();
        let index = compiler
            .compile(NAME, &mut schemas)
            .map_err(|error| error.to_string())?;
        Ok(Self { schemas, index, work })
    }

    /// Checks that values can be checked against a schema at all.
    ///
    /// # Errors
    /// When its references multiply each other, lead in a circle, or too deep.
    pub fn check_work(schema: &Value) -> Result<(), SchemaWorkError> {
        Self::work(schema).map(drop)
    }

    fn work(schema: &Value) -> Result<SchemaWork, SchemaWorkError> {
        SchemaWork::new(schema, SHORT_NAME)
    }

    /// Returns everything in which metadata does not fit. The server does not check metadata that is empty.
    pub fn problems(&self, metadata: &Value) -> Vec<MetadataProblem> {
        if super::value::is_empty(metadata) {
            return Vec::new();
        }
        if let Err(error) = self.work.check(metadata) {
            return vec![MetadataProblem {
                path: Vec::new(),
                message: error.to_string(),
            }];
        }
        match self.schemas.validate(metadata, self.index) {
            Ok(()) => Vec::new(),
            Err(error) => leaves(&error),
        }
    }
}

/// Refuses to load anything.
struct NoDocuments;

impl boon::UrlLoader for NoDocuments {
    fn load(&self, url: &str) -> Result<Value, Box<dyn std::error::Error>> {
        Err(format!("the schema refers to `{url}`, which is not loaded").into())
    }
}

/// Returns the innermost causes: those above them only say that something below is wrong.
fn leaves(error: &boon::ValidationError<'_, '_>) -> Vec<MetadataProblem> {
    if !error.causes.is_empty() {
        return error.causes.iter().flat_map(leaves).collect();
    }
    let path = error.instance_location.tokens.iter();
    vec![MetadataProblem {
        path: path.map(segment).collect(),
        message: error.kind.to_string(),
    }]
}

fn segment(token: &boon::InstanceToken<'_>) -> String {
    match token {
        boon::InstanceToken::Prop(name) => name.to_string(),
        boon::InstanceToken::Item(index) => index.to_string(),
    }
}
