//! Opening the page of a sign-in.

use crate::command::console::Console;
use crate::remote::{DeviceGrant, ServerUrl};

/// Opens the page in a browser, when somebody sits in front of this terminal and the page is on the server's own host.
/// Returns whether a browser was started.
pub(super) fn open_page(console: &Console, server: &ServerUrl, grant: &DeviceGrant) -> bool {
    let address = grant.complete_address.as_ref().unwrap_or(&grant.address);
    // A server must not make the browser open whatever it likes. That it is http or https was checked before.
    if !console.host.can_ask() || !server.has_host_of(address) {
        return false;
    }
    open::that_detached(address).is_ok()
}
