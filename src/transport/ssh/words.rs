//! What ssh says about a connection, taken apart.

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What kind of failure it is.
    pub(super) kind: Kind,
    /// In ssh's own words.
    pub(super) why: String,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Trying again may help.
    Passing,
    /// Trying again helps a host that was reached before, and no other.
    Lasting,
    /// The host's key is not the known one: never tried again.
    HostKey,
    /// The fault is on this machine.
    Here,
}

/// Said where ssh's words alone would send a reader the wrong way.
const KEYS_ONLY: &str = "keys and the agent are tried, and ssh never asks for anything here";

impl Failure {
    /// From ssh's log and what else was said.
    pub(super) fn of(log: &str) -> Self {
        let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| tells(line)).collect();
        let has = |text: &str| lines.iter().any(|line| line.contains(text));
        if has("Host key verification failed") || has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            return Self { kind: Kind::HostKey, why: host_key(&lines, log) };
        }
        let last = lines[lines.len().saturating_sub(2)..].join("; ");
        if has("Permission denied (") || has("Too many authentication failures") {
            return Self { kind: Kind::Lasting, why: format!("{last} ({KEYS_ONLY})") };
        }
        let here = [
            "Bad configuration option",
            "Bad owner or permissions",
            "Can't open user config",
            "terminating,",
            "usage: ssh",
        ];
        if here.into_iter().any(has) {
            return Self { kind: Kind::Here, why: lines.join("; ") };
        }
        let why = if last.is_empty() { "ssh ended without a word".to_owned() } else { last };
        let kind = if why.contains("Could not resolve hostname") { Kind::Lasting } else { Kind::Passing };
        Self { kind, why }
    }

    /// Something on this machine.
    pub(super) fn here(why: String) -> Self {
        Self { kind: Kind::Here, why }
    }
}

/// The fingerprint of the key that the host proved to hold. The last one is the host's own: those before are of hosts jumped over.
pub(super) fn fingerprint(log: &str) -> Option<String> {
    let line = log.lines().rev().find_map(|line| line.split_once("Server host key: "))?.1;
    line.split_whitespace().find(|word| word.starts_with("SHA256:")).map(str::to_owned)
}

/// Whether a line of the log is meant for people.
fn tells(line: &str) -> bool {
    !line.is_empty() && !line.starts_with("debug") && !line.starts_with("OpenSSH_") && !line.starts_with("@@@")
}

/// The lines about a host's key that say something about this one.
fn host_key(lines: &[&str], log: &str) -> String {
    let of_this = ["host key is known for", "Host key for", "Offending", "revoked", "DNS"];
    let mut said: Vec<String> = lines
        .iter()
        .filter(|line| of_this.iter().any(|text| line.contains(text)))
        .map(|line| (*line).to_owned())
        .collect();
    said.extend(fingerprint(log).map(|key| format!("it has {key}")));
    let changed = lines.iter().any(|line| line.contains("has changed"));
    if changed {
        said.push("where that is right, `ssh-keygen -R` forgets the old one".to_owned());
    } else if lines.iter().any(|line| line.contains("host key is known for")) {
        said.push("where that is right, a login by `ssh` takes it in".to_owned());
    }
    if said.is_empty() { lines.join("; ") } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGED: &str = "debug1: Server host key: ssh-ed25519 SHA256:jump\r
debug1: Server host key: ssh-ed25519 SHA256:abc\r
@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
Offending ED25519 key in /home/ann/.ssh/known_hosts:3\r
Host key for old.example has changed and you have requested strict checking.\r
Host key verification failed.\r
";

    #[test]
    fn a_changed_host_key() {
        let failure = Failure::of(CHANGED);
        assert_eq!(failure.kind, Kind::HostKey);
        assert_eq!(
            failure.why,
            "Offending ED25519 key in /home/ann/.ssh/known_hosts:3; \
             Host key for old.example has changed and you have requested strict checking.; it has SHA256:abc; \
             where that is right, `ssh-keygen -R` forgets the old one"
        );
    }

    #[test]
    fn kinds_of_failure() {
        let kind = |log: &str| Failure::of(log).kind;
        assert_eq!(kind("ssh: connect to host x port 22: Connection refused"), Kind::Passing);
        assert_eq!(kind("ssh: connect to host x port 22: Connection timed out"), Kind::Passing);
        assert_eq!(kind("kex_exchange_identification: Connection closed by remote host"), Kind::Passing);
        assert_eq!(kind("ssh: Could not resolve hostname x: Name or service not known"), Kind::Lasting);
        assert_eq!(kind("root@x: Permission denied (publickey)."), Kind::Lasting);
        assert_eq!(
            kind("f: line 1: Bad configuration option: x\nf: terminating, 1 bad configuration options"),
            Kind::Here
        );
        assert_eq!(kind(""), Kind::Passing);
        let unknown =
            "No ED25519 host key is known for x and you have requested strict checking.\nHost key verification failed.";
        assert_eq!(kind(unknown), Kind::HostKey);
    }

    #[test]
    fn the_last_fingerprint_is_the_hosts() {
        assert_eq!(fingerprint(CHANGED).as_deref(), Some("SHA256:abc"));
        assert_eq!(fingerprint("debug1: nothing"), None);
    }
}
