//! The resolvers that a machine asks, by its `/etc/resolv.conf`.

use std::path::Path;

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::base::fs;
use crate::transport::Command;

use super::server::Server;

const FILE: &str = "/etc/resolv.conf";

/// Where systemd-resolved answers. It reads `/etc/hosts` itself, which is not what a name server is asked for.
const RESOLVED: &str = "127.0.0.53";

/// Whom it asks in turn.
const UPSTREAM: &str = "/run/systemd/resolve/resolv.conf";

/// Larger than any such file.
const LARGEST: u64 = 1 << 20;

/// The resolvers of the operator's machine.
///
/// # Errors
/// Where its resolv.conf cannot be read.
pub fn of_this_machine() -> Result<Vec<Server>, ActionError> {
    let found = servers(&fs::read_limited(Path::new(FILE), LARGEST)?, "this machine")?;
    if found.iter().all(|server| server.host == RESOLVED)
        && let Ok(upstream) = fs::read_limited(Path::new(UPSTREAM), LARGEST)
    {
        return servers(&upstream, "this machine");
    }
    Ok(found)
}

/// The resolvers of the unit's host.
///
/// # Errors
/// Where the host was not reached, or its resolv.conf cannot be read.
pub async fn of_host(cx: &Read<'_>) -> Result<Vec<Server>, ActionError> {
    let host = cx.host()?;
    let role = host.transport().role().to_string();
    let said = host.read(Command::read(format!("cat {FILE}"))).await?;
    if !said.success() {
        return Err(ActionError::failed(format!("{FILE} of {role} cannot be read: {}", said.error_text().trim())));
    }
    servers(&said.stdout, &role)
}

fn servers(text: &[u8], whose: &str) -> Result<Vec<Server>, ActionError> {
    let config = resolv_conf::Config::parse(text)
        .map_err(|error| ActionError::failed(format!("{FILE} of {whose} cannot be read: {error}")))?;
    if config.nameservers.is_empty() {
        // What the resolver of the C library does then.
        return Ok(vec![Server::of_resolv_conf("127.0.0.1".to_owned())]);
    }
    Ok(config.nameservers.iter().map(|address| Server::of_resolv_conf(address.to_string())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_stand_in_resolv_conf() {
        let said =
            |text: &str| servers(text.as_bytes(), "x").unwrap().iter().map(Server::authority).collect::<Vec<_>>();
        let text = "# by hand\nsearch example.org\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver fe80::1%eth0\noptions edns0\n";
        assert_eq!(said(text), ["192.0.2.53:53", "[2001:db8::53]:53", "[fe80::1%eth0]:53"]);
        assert_eq!(said(""), ["127.0.0.1:53"]);
        assert!(servers(b"nameserver x y z\n", "old").unwrap_err().to_string().starts_with("/etc/resolv.conf of old"));
    }
}
