//! Which process drives a run, as the way to a host has to know it: a process that was taken over while its connection was down must send
//! nothing when it is up again, and what a broken connection still has on its way must not run after its successor has gone on.
//!
//! So each shell on a host is called by the run, the process and the connection that it belongs to, the process asks whether it still has the
//! run once there is a way to the host and before anything goes there, and a new shell ends those of the processes before it and of
//! connections that are gone. Scripts that run in them go on; none begins any more.

use std::sync::Arc;

use async_trait::async_trait;

use crate::base::RunId;

/// Tells whether this process still drives the run.
#[async_trait]
pub trait Lease: Send + Sync {
    /// Whether nobody else has the run.
    ///
    /// # Errors
    /// Where somebody has, or that cannot be found out, with the reason.
    async fn is_held(&self) -> Result<(), String>;
}

/// A process's time at a run.
#[derive(Clone)]
pub struct Tenure {
    /// The run.
    pub run: RunId,
    /// Counts the processes that have driven it, from 1.
    pub fence: i64,
    /// Whether that is still this one.
    pub lease: Arc<dyn Lease>,
}

/// Before this comes @RUN, @FENCE and @GONE, which are put in. A shell's script is its child and is called as itself, which tells them
/// apart; so they are ended together, before any of them is an orphan.
/// `read` leaves out the NULs between arguments.
const SUCCEED: &str = r#"k=; for f in /proc/[0-9]*/cmdline; do
c=; IFS= read -r c <$f
case $c in /bin/sh-srunbook:@RUN:*) ;; *) continue ;; esac
l=${c##*:}; c=${c%:*}; c=${c##*:}
[ $c -lt @FENCE ] || { [ $c = @FENCE ] && case ' @GONE ' in *' '$l' '*) ;; *) false ;; esac; } || continue
p=${f%/cmdline}; IFS= read -r s <$p/stat; s=${s##*) }; set -- $s
c=; IFS= read -r c </proc/$2/cmdline
case $c in /bin/sh-srunbook:*) ;; *) k="$k ${p#/proc/}" ;; esac
done
[ -z "$k" ] || kill -9 $k
unset k f c l p s; set --
"#;

impl Tenure {
    /// The command of a shell of the connection `link`.
    pub(super) fn shell(&self, link: u64) -> String {
        format!("/bin/sh -s runbook:{}:{}:{link}", self.run, self.fence)
    }

    /// What a new shell does first, where there may be others: of processes before this one, and of the connections `gone`.
    pub(super) fn succeed(&self, gone: &[u64]) -> Option<String> {
        if self.fence == 1 && gone.is_empty() {
            return None;
        }
        let gone = gone.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
        let script = SUCCEED.replace("@RUN", self.run.as_str()).replace("@GONE", &gone);
        Some(script.replace("@FENCE", &self.fence.to_string()))
    }
}
