//! Planning and applying on a server in this process.

pub mod elsewhere;
pub mod faults;
pub mod organization;
pub mod outcome;
pub mod pulling;
pub mod random_edit;
pub mod request_name;
pub mod scenario;
pub mod test_server;
pub mod twenty_rows;
