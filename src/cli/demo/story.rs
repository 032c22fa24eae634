//! What the demo shows: a dry run, a run whose process dies, its resumption, a failed step, a report, and the way back.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::base::fs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::{Line, Tone};

use super::{Machines, TMP};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What goes with every command that reaches the hosts.
const REACH: [&str; 2] = ["--ssh-config", "ssh_config"];

/// The demo, with its two hosts.
pub(crate) struct Story<'a> {
    pub(crate) context: &'a Context,
    pub(crate) machines: &'a Machines,
}

impl Story<'_> {
    /// Shows all of it.
    pub(crate) async fn tell(&self) -> Result<(), CommandError> {
        let before = self.machines.inventory().await?;
        self.say("What would happen? The dry run looks at both hosts, and changes nothing.");
        self.command(&["plan", "shop.yaml"], Exit::Done).await?;

        self.say("Now in earnest. --yes answers the gate, where you would be asked. In the middle of the import, this process is killed.");
        let mut run = self.start(&["run", "shop.yaml", "--yes"])?;
        self.until_it_imports(&mut run).await?;
        run.kill().await.map_err(|error| CommandError::failed(format!("the demo cannot end its run: {error}"), ""))?;
        self.print(Line::new().put(Tone::Bad, "killed").text(", as by a laptop whose battery is empty"));

        self.say("The import goes on, on its host. `resume` finds it there: nothing is begun twice. Then a step fails, on purpose.");
        self.command(&["resume", "--yes"], Exit::Failed).await?;

        self.say("Somebody brings the licence, and the run goes on from where it is.");
        self.print(Line::new().put(Tone::Strong, "$ echo demo >licence"));
        fs::write(&self.machines.path("licence"), b"demo\n")?;
        self.command(&["resume", "--yes"], Exit::Done).await?;
        let begun = fs::read_text(&self.machines.path("new/shop/imports"), 1024)?;
        if begun != "begun\n" {
            return Err(CommandError::failed(format!("the import was to begin once, and did this: {begun}"), ""));
        }

        self.say("A report of it, for whoever was not there.");
        self.command(&["report", "-o", "report.html"], Exit::Done).await?;

        self.say("And all the way back.");
        self.command(&["rollback"], Exit::RolledBack).await?;
        let after = self.machines.inventory().await?;
        if before != after {
            let what = "the hosts are not as they were before";
            return Err(CommandError::failed(what, "--keep leaves their folder, to be looked at"));
        }
        let things = before.lines().filter(|line| line.starts_with("old") || line.starts_with("new")).count();
        self.say(&format!(
            "Both hosts are as they were, to the byte: {things} files and folders were compared. The import ran once."
        ));
        Ok(())
    }

    /// Waits until the import is under way.
    async fn until_it_imports(&self, run: &mut Child) -> Result<(), CommandError> {
        let begun = self.machines.path("new/shop/imports");
        let comes = async {
            while !begun.exists() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let early = tokio::select! {
            waited = timeout(PATIENCE, comes) => waited.is_err(),
            _ = run.wait() => true,
        };
        if early {
            return Err(CommandError::failed(
                "the demo's run did not come to its import",
                "--keep leaves its folder, to be looked at",
            ));
        }
        // So that there is something of it on the screen.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok(())
    }

    /// Carries out a command as a person would, and sees that it ends so.
    async fn command(&self, words: &[&str], due: Exit) -> Result<(), CommandError> {
        let what = words.join(" ");
        let cannot = |why: String| {
            let hint = "--keep leaves the demo's folder, to be looked at";
            CommandError::failed(format!("the demo's `runbook {what}` {why}"), hint)
        };
        let ended =
            timeout(PATIENCE, self.start(words)?.wait()).await.map_err(|_| cannot("does not end".to_owned()))?;
        let ended = ended.map_err(|error| cannot(format!("is lost: {error}")))?;
        if ended.code() == Some(due.code().into()) {
            return Ok(());
        }
        Err(cannot(format!("ended with {ended}, and was to end with {}", due.code())))
    }

    #[expect(clippy::disallowed_methods, reason = "the demo starts the tool itself, as a person at a terminal would")]
    fn start(&self, words: &[&str]) -> Result<Child, CommandError> {
        let reach: &[&str] = if words[0] == "report" { &[] } else { &REACH };
        let words: Vec<&str> = words.iter().chain(reach).copied().collect();
        self.print(Line::new().put(Tone::Strong, format_args!("$ runbook {}", words.join(" "))));
        let cannot =
            |error: std::io::Error| CommandError::failed(format!("the demo cannot start runbook: {error}"), "");
        let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
        command.args(words).args(self.context.looks()).current_dir(self.machines.path(""));
        command
            .env("XDG_STATE_HOME", self.machines.path("state"))
            .env("XDG_RUNTIME_DIR", self.machines.path(TMP))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command.spawn().map_err(cannot)
    }

    fn say(&self, text: &str) {
        self.context.print("\n");
        self.print(Line::new().put(Tone::Name, text));
    }

    fn print(&self, line: Line) {
        self.context.page(&line.into());
    }
}
