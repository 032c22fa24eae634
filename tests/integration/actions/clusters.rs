//! Two PostgreSQL servers of a test's own, in folders of it, listening there and nowhere else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A server for each of the two hosts.
pub(super) struct Clusters {
    folder: TempDir,
    bin: PathBuf,
}

/// Says that the test did not test, and why.
fn skip(why: &str) -> Option<Clusters> {
    use std::io::Write as _;
    // The test harness swallows what goes through `eprintln`.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
    None
}

impl Clusters {
    /// Starts both. None where there is no server on this machine.
    pub(super) fn start() -> Option<Self> {
        let bins = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let mut bins: Vec<PathBuf> = bins.map(|entry| entry.unwrap().path().join("bin")).collect();
        bins.retain(|bin| bin.join("initdb").exists());
        bins.sort();
        let Some(bin) = bins.pop() else { return skip("there is no PostgreSQL server on this machine") };
        let clusters = Self { folder: tempfile::tempdir().unwrap(), bin };
        if rustix::process::geteuid().is_root() {
            let given = Command::new("chown").args(["postgres", "--"]).arg(clusters.folder.path()).status().unwrap();
            if !given.success() {
                return skip("a server does not run as root, and there is no user postgres");
            }
        }
        let (old, new) = (clusters.socket("old"), clusters.socket("new"));
        // Who the scripts of the fake hosts run as is the superuser.
        let me = succeed(Command::new("id").arg("-un"));
        let (bin, me) = (clusters.bin.display(), me.trim_end());
        clusters.server(&format!(
            "{bin}/initdb --no-sync -A trust -U '{me}' --locale=C.UTF-8 -E UTF8 -D '{0}' >/dev/null
             printf \"%s\\n\" \"listen_addresses = ''\" 'fsync = off' 'max_connections = 40' 'shared_buffers = 16MB' >>'{0}'/postgresql.conf
             cp -a '{0}' '{1}'
             for d in '{0}' '{1}'; do {bin}/pg_ctl -w -D \"$d\" -l \"$d.log\" -o \"-k '$d'\" start >/dev/null; done",
            old.display(),
            new.display()
        ));
        Some(clusters)
    }

    /// Where the server of that host listens.
    pub(super) fn socket(&self, role: &str) -> PathBuf {
        self.folder.path().join(role)
    }

    /// What a server answers.
    pub(super) fn sql(&self, role: &str, database: &str, sql: &str) -> String {
        let mut psql = self.psql(role, database);
        succeed(psql.args(["-c", sql]))
    }

    /// What a server does with a script.
    pub(super) fn script(&self, role: &str, database: &str, script: &Path) {
        succeed(self.psql(role, database).arg("-f").arg(script));
    }

    /// A session.
    pub(super) fn psql(&self, role: &str, database: &str) -> Command {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-wXAtq", "-v", "ON_ERROR_STOP=1"]).env("PGHOST", self.socket(role)).env("PGDATABASE", database);
        psql.env("PGCLIENTENCODING", "UTF8");
        psql
    }

    /// All that a database holds, as text.
    pub(super) fn dump(&self, role: &str, database: &str) -> String {
        let mut dump = Command::new(self.bin.join("pg_dump"));
        let said = succeed(dump.arg("-w").env("PGHOST", self.socket(role)).env("PGDATABASE", database));
        // Each dump has a key of its own.
        said.lines().filter(|line| !line.contains("restrict ")).collect::<Vec<_>>().join("\n")
    }

    /// A folder of the server's own.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        self.server(&format!("mkdir '{}'", folder.display()));
        folder
    }

    /// The programs.
    pub(super) fn bin(&self) -> &Path {
        &self.bin
    }

    /// The databases of a server, with all that is known of them from outside.
    pub(super) fn listing(&self, role: &str) -> String {
        let sql = "SELECT datname, datallowconn, datconnlimit, pg_get_userbyid(datdba), datacl, \
                   shobj_description(d.oid, 'pg_database'), s.setconfig FROM pg_database d \
                   LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid ORDER BY 1, 7";
        self.sql(role, "template1", sql)
    }

    /// Runs a script as whoever the servers run as.
    fn server(&self, script: &str) {
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh", "-euc", script]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-euc", script]);
            command
        };
        succeed(command.current_dir(self.folder.path()));
    }
}

impl Drop for Clusters {
    fn drop(&mut self) {
        for role in ["old", "new"] {
            if self.socket(role).join("postmaster.pid").exists() {
                let socket = self.socket(role);
                self.server(&format!(
                    "{}/pg_ctl -m immediate -D '{}' stop >/dev/null",
                    self.bin.display(),
                    socket.display()
                ));
            }
        }
    }
}

fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{out}\n{err}");
    out.into_owned()
}
