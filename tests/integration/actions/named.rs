//! A real BIND on a port of its own, with a zone that takes signed updates. Ends with the test.

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The secret that changes the zone.
pub(crate) const KEY: &str = "hmac-sha256:Migration-Key:c2VjcmV0IHNlY3JldCBzZWNyZXQ=";

const ZONE: &str = r#"$TTL 43200
@       IN SOA   ns1 hostmaster 2018080101 7200 3600 1209600 900
        IN NS    ns1
        IN MX    10 mail.example.net.
        IN TXT   "v=spf1 mx -all"
        IN A     192.0.2.11
        IN AAAA  2001:db8::11
ns1     IN A     192.0.2.53
ns2     IN A     192.0.2.54
ns3     IN A     192.0.2.55
www     IN CNAME @
cdn     IN A     192.0.2.11
        IN A     192.0.2.21
        IN A     203.0.113.71
*.wild  IN A     192.0.2.77
sub     IN NS    ns1.sub
ns1.sub IN A     192.0.2.99
"#;

pub(crate) struct Named {
    pub(crate) port: u16,
    child: Child,
    _folder: TempDir,
}

impl Named {
    /// A server of `libravatar.org`; none where the machine has no BIND.
    pub(crate) fn start() -> Option<Self> {
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let Some(program) = path.split(':').map(|folder| Path::new(folder).join("named")).find(|path| path.exists())
        else {
            use std::io::Write as _;
            // The test harness swallows what goes through `eprintln`.
            let _ = writeln!(std::io::stderr(), "SKIPPED: there is no named on this machine: install bind9");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        // Somebody may take the port before named does: then another is tried.
        for _ in 0..10 {
            let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let config = format!(
                r#"
                key "migration-key" {{ algorithm hmac-sha256; secret "c2VjcmV0IHNlY3JldCBzZWNyZXQ="; }};
                key "reader" {{ algorithm hmac-sha256; secret "cmVhZGVyIHJlYWRlciByZWFkZXI="; }};
                options {{
                    directory "{at}"; pid-file "{at}/pid"; session-keyfile "{at}/session.key"; managed-keys-directory "{at}";
                    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
                    recursion no; dnssec-validation no; empty-zones-enable no; notify no; minimal-responses no;
                }};
                controls {{ }};
                zone "libravatar.org" {{ type primary; file "zone"; update-policy {{ grant migration-key zonesub ANY; }}; }};
                "#
            );
            std::fs::write(folder.path().join("zone"), ZONE).unwrap();
            std::fs::write(folder.path().join("named.conf"), config).unwrap();
            let mut named = Command::new(&program);
            named.args(["-f", "-n", "1", "-c"]).arg(folder.path().join("named.conf"));
            let mut child = named.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let until = Instant::now() + Duration::from_secs(20);
            while Instant::now() < until && child.try_wait().unwrap().is_none() {
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Some(Self { port, child, _folder: folder });
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("named does not come up");
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
