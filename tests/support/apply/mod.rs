//! Planning and applying on a server in this process.

pub mod data_desk;
pub mod elsewhere;
pub mod fault_table;
pub mod faults;
pub mod memory_rows;
pub mod organization;
pub mod outcome;
pub mod pulling;
pub mod random_edit;
pub mod random_memory;
pub mod request_name;
pub mod scenario;
pub mod test_server;
pub mod twenty_rows;
