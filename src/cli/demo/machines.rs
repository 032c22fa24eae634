//! Two throw-away hosts on this machine. Each connection starts an sshd of its own, which speaks through a pipe: nothing listens, nobody else
//! can come in, and there is nothing left to end.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::base::fs;
use crate::base::shell::quote;
use crate::cli::error::CommandError;
use crate::transport::{Command, Local, Transport as _};

/// The roles.
const ROLES: [&str; 2] = ["old", "new"];

/// Where an sshd may be, besides `PATH`: it is not for everybody's fingers.
const PLACES: &str = "/usr/sbin:/usr/local/sbin:/sbin:/opt/homebrew/sbin";

/// Finds the programs, makes keys, and puts the shop on old. Says where sshd is.
const SET_UP: &str = r#"
PATH=$PATH:$PLACES
for program in ssh ssh-keygen sshd; do
    command -v "$program" >/dev/null || { echo "there is no $program on this machine" >&2; exit 1; }
done
umask 022
# What not everybody may read is not shown: its diffs would be missing. Keys are their owner's even so.
chmod 755 "$DIR"
cd "$DIR"
for role in old new; do
    mkdir -p "$role/home"
    ssh-keygen -q -t ed25519 -N '' -C "$role" -f "$role/host_key" </dev/null
    printf '%s.demo %s\n' "$role" "$(cut -d' ' -f1,2 "$role/host_key.pub")" >>known_hosts
done
ssh-keygen -q -t ed25519 -N '' -C demo -f id </dev/null
mkdir old/shop tmp
printf '<title>A shop</title>\n<p>Welcome!</p>\n' >old/shop/index.html
printf 'orders=on\nserved-by=old\n' >old/shop/shop.conf
i=1000
while [ $i -lt 1400 ]; do printf '%d,2026-11-%02d,%d.50\n' $i $((i % 28 + 1)) $((i * 7 % 90)); i=$((i + 1)); done >old/shop/orders.csv
command -v sshd
"#;

/// The longest path of a folder to have it in, in bytes.
const LONGEST: usize = 24;

/// As root, sshd wants a folder that a service would make. Says whether it had to be made.
const PRIVILEGES: &str = "[ \"$(id -u)\" != 0 ] || [ -d /run/sshd ] || { mkdir /run/sshd && echo made; }";

/// Ends what processes that were killed have left: connections, which would end by themselves after a minute. All that is ours has the folder on
/// its command line.
const END: &str = r#"
for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") in *"$DIR/"*) kill "${process##*/}" 2>/dev/null ;; esac
done
:
"#;

/// The folder below theirs in which the processes of the demo have their control sockets.
pub(crate) const TMP: &str = "tmp";

/// The two hosts, for as long as this is there.
pub(crate) struct Machines {
    folder: tempfile::TempDir,
    /// Whether the folder that sshd wants was made for it.
    made: bool,
}

impl Machines {
    /// Sets them up.
    pub(crate) async fn set_up() -> Result<Self, CommandError> {
        let cannot = |why: String| {
            CommandError::failed(
                format!("cannot set up the demo's hosts: {why}"),
                "the demo needs ssh, ssh-keygen and sshd: the packages openssh-client and openssh-server",
            )
        };
        // Control sockets are below it, whose paths must be short.
        let parent = Some(std::env::temp_dir()).filter(|parent| parent.as_os_str().len() <= LONGEST);
        let folder =
            tempfile::Builder::new().prefix("runbook-demo-").tempdir_in(parent.unwrap_or_else(|| "/tmp".into()));
        let folder = folder.map_err(|error| cannot(error.to_string()))?;
        let set_up = Command::change(SET_UP).env("DIR", folder.path().to_string_lossy()).env("PLACES", PLACES);
        let sshd = said(set_up).await.map_err(cannot)?;
        let made = !said(Command::change(PRIVILEGES)).await.map_err(cannot)?.is_empty();
        let machines = Self { folder, made };
        machines.write(&sshd).map_err(|error| cannot(error.to_string()))?;
        Ok(machines)
    }

    fn write(&self, sshd: &str) -> Result<(), fs::FsError> {
        let at = |name: &str| self.path(name).to_string_lossy().into_owned();
        let mut config = String::new();
        for role in ROLES {
            let file = at(&format!("{role}/sshd_config"));
            let text = format!(
                "HostKey \"{}\"\nAuthorizedKeysFile \"{}\"\nSetEnv \"HOME={}\"\nPidFile none\nUsePAM no\nStrictModes no\n\
                 PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
                at(&format!("{role}/host_key")),
                at("id.pub"),
                at(&format!("{role}/home")),
            );
            fs::write(Path::new(&file), text.as_bytes())?;
            let proxy = format!("{} -i -f {}", quote(sshd), quote(&file)).replace('%', "%%");
            // What cannot be written to a text is lost.
            let _ = write!(
                config,
                "Host {role}.demo\n  HostKeyAlias {role}.demo\n  ProxyCommand {proxy}\n  IdentityFile \"{}\"\n  IdentitiesOnly yes\n  \
                 IdentityAgent none\n  UserKnownHostsFile \"{}\"\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n",
                at("id").replace('%', "%%"),
                at("known_hosts").replace('%', "%%"),
            );
        }
        fs::write(&self.path("ssh_config"), config.as_bytes())?;
        let book = include_str!("../../../runbooks/demo/shop.yaml");
        let root = serde_json::Value::from(self.folder.path().to_string_lossy()).to_string();
        fs::write(&self.path("shop.yaml"), book.replace("root: /srv/demo", &format!("root: {root}")).as_bytes())?;
        fs::write(&self.path("closed.html"), include_bytes!("../../../runbooks/demo/closed.html"))
    }

    /// A file of theirs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// All that the hosts have, but for the home of who logs in, in lines that can be compared: what each thing is, and what it holds.
    pub(crate) async fn inventory(&self) -> Result<String, CommandError> {
        let script =
            "cd \"$DIR\" && find old new ! -path '*/home/*' -printf '%p %y %m %l\\n' -type f -exec cksum {} + | sort";
        let command = Command::read(script).env("DIR", self.folder.path().to_string_lossy());
        said(command).await.map_err(|why| CommandError::failed(format!("looking at the demo's hosts: {why}"), ""))
    }

    /// Leaves their folder where it is, and says where.
    pub(crate) async fn keep(mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.end().await;
        self.folder.path().to_owned()
    }

    /// Takes them down. What is not removed is said.
    pub(crate) async fn take_down(self) -> Result<(), CommandError> {
        self.end().await;
        let at = self.folder.path().display().to_string();
        self.folder.close().map_err(|error| {
            CommandError::failed(format!("{at} cannot be removed: {error}"), format!("rm -r {}", quote(&at)))
        })
    }

    async fn end(&self) {
        let _ = said(Command::change(END).env("DIR", self.folder.path().to_string_lossy())).await;
        if self.made {
            // Whoever uses it by now keeps it.
            let _ = said(Command::change("rmdir /run/sshd 2>/dev/null || :")).await;
        }
    }
}

/// What a script on this machine says.
async fn said(command: Command) -> Result<String, String> {
    let local = Local::new();
    let said = local.exec(command, None).await.map_err(|error| error.to_string());
    local.close().await;
    let said = said?;
    if said.success() { Ok(said.text().trim().to_owned()) } else { Err(said.error_text().trim().to_owned()) }
}
