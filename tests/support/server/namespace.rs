//! Network namespaces: a server in one reaches other processes only through a pair of virtual interfaces, which can be taken
//! down. Making them needs the rights of root.

use std::net::Ipv4Addr;
use std::process::Command;

use crate::support::report_skip;

/// Where Debian keeps the program that administers networks. It is not in the usual path of a user.
const IP: &str = "/usr/sbin/ip";

/// A namespace with one interface, connected to one of this machine. It is removed on drop.
pub struct Namespace {
    /// The name of the namespace, and of this machine's interface.
    name: String,
    /// The address of this machine's interface.
    pub outside: Ipv4Addr,
    /// The address of the interface in the namespace.
    pub inside: Ipv4Addr,
}

impl Namespace {
    /// Makes this many namespaces. Reports why and returns none where that is not possible.
    pub fn make(count: u32) -> Vec<Self> {
        let made: Result<Vec<_>, String> = (0..count).map(Self::make_one).collect();
        made.unwrap_or_else(|reason| {
            report_skip(&format!(
                "partitions: no network namespace can be made: {}",
                reason.trim()
            ));
            Vec::new()
        })
    }

    fn make_one(number: u32) -> Result<Self, String> {
        // The process and the number make names and addresses unique on this machine.
        let process = std::process::id();
        // Four addresses each, out of 198.18.0.0/15, which is set aside for tests of networks.
        let base = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + (process * 4 + number) % (1 << 15) * 4;
        let namespace = Self {
            name: format!("lobu{process:x}-{number}"),
            outside: Ipv4Addr::from(base + 1),
            inside: Ipv4Addr::from(base + 2),
        };
        let Self { name, outside, inside } = &namespace;
        for arguments in [
            format!("netns add {name}"),
            format!("link add {name} type veth peer name inside netns {name}"),
            format!("addr add {outside}/30 dev {name}"),
            format!("link set {name} up"),
            format!("-n {name} addr add {inside}/30 dev inside"),
            format!("-n {name} link set inside up"),
        ] {
            ip(&arguments)?;
        }
        Ok(namespace)
    }

    /// Loses every packet from now on, without a word to either side.
    pub fn part(&self) {
        ip(&format!("link set {} down", self.name)).unwrap();
    }

    /// Passes packets on again.
    pub fn mend(&self) {
        ip(&format!("link set {} up", self.name)).unwrap();
    }

    /// Returns the same command, to be run in the namespace.
    pub fn enter(&self, command: &Command) -> Command {
        let mut entered = Command::new(IP);
        entered.args(["netns", "exec", &self.name]).arg(command.get_program());
        entered.args(command.get_args()).env_clear();
        let set = |(name, value): (_, Option<_>)| Some((name, value?));
        entered.envs(command.get_envs().filter_map(set));
        entered
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What was not made cannot be removed.
        let _ = ip(&format!("link delete {}", self.name));
        let _ = ip(&format!("netns delete {}", self.name));
    }
}

/// Runs `ip`. Returns what it printed on standard error when it failed.
fn ip(arguments: &str) -> Result<(), String> {
    let run = Command::new(IP).args(arguments.split(' ')).output();
    let output = run.map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr)))
}
