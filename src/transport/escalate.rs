//! Becoming another user: what starts that user's shell, and what sudo's refusals mean.

use crate::base::{Secret, shell::quote};

use super::marks::nonce;
use super::shell::Facts;

/// A shell that reads what it is fed.
pub(crate) const SHELL: &str = "/bin/sh";

/// How a shell of another user is started.
pub(crate) struct Start {
    /// What the login shell is given, before and after the shell's own command.
    around: (String, &'static str),
    /// The dialogue about the password, where there is one.
    pub(crate) dialogue: Option<Dialogue>,
}

impl Start {
    /// What the login shell is given to start `shell`.
    pub(crate) fn command(&self, shell: &str) -> String {
        let (before, after) = &self.around;
        format!("{before}{shell}{after}")
    }
}

/// By what the prompt and the password's acceptance are known.
pub(crate) struct Dialogue {
    /// What sudo says to ask.
    pub(crate) prompt: String,
    /// What the shell says once it runs.
    pub(crate) hello: String,
}

/// How to start a shell of `user`. With a password sudo asks by a prompt of ours, so that it is sent only when it is asked for: a sudo
/// that lets us in without asking would hand it to the shell as a command. Root does not need a sudo to be there.
pub(crate) fn start(user: &str, password: Option<&Secret>, login: &Facts) -> Start {
    let user = quote(user);
    // At home as a login is, or where everybody may be: the login's own folder may be closed to them, and `find` for one does not begin then.
    let home = "cd 2>/dev/null || cd /; exec ";
    if login.uid == "0" && !login.sudo {
        return Start { around: (format!("exec su {user} -s /bin/sh -c '{home}"), "'"), dialogue: None };
    }
    if password.is_none() {
        return Start { around: (format!("exec sudo -n -H -u {user} -- /bin/sh -c '{home}"), "'"), dialogue: None };
    }
    let (prompt, hello) = (nonce(), nonce());
    let before = format!("exec sudo -S -p {prompt}. -H -u {user} -- /bin/sh -c 'echo {hello}; {home}");
    Start { around: (before, "'"), dialogue: Some(Dialogue { prompt, hello }) }
}

/// What to say when the shell did not start, in sudo's own words and with what helps.
pub(crate) fn explain(words: &str, login: &Facts) -> String {
    let hint = if words.contains("a password is required") {
        "give it a `become_password`, or let sudo do without"
    } else if words.contains("must have a tty") {
        "sudo's `requiretty` is on: turn it off for this user"
    } else if words.contains("not found") && !login.sudo {
        "sudo is not installed there: install it, or log in as that user"
    } else if words.contains("not in the sudoers")
        || words.contains("may not run sudo")
        || words.contains("is not allowed")
    {
        "sudo's rules do not allow it"
    } else {
        return words.to_owned();
    };
    format!("{words} ({hint})")
}

/// A name that `sudo -u` cannot take for an option or for nothing at all.
pub(crate) fn is_user_name(user: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "_.-@\\$+ ".contains(c);
    !user.is_empty() && !user.starts_with(['-', ' ']) && user.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(uid: &str, sudo: bool) -> Facts {
        Facts { group: "2".into(), uid: uid.into(), user: "ann".into(), sudo }
    }

    #[test]
    fn root_needs_no_sudo() {
        let start = start("postgres", None, &login("0", false));
        assert_eq!(start.command(SHELL), "exec su postgres -s /bin/sh -c 'cd 2>/dev/null || cd /; exec /bin/sh'");
    }

    #[test]
    fn a_password_is_never_in_the_command() {
        let secret = Secret::new("hunter2".into());
        let start = start("root", Some(&secret), &login("1000", true));
        assert!(!start.command(SHELL).contains("hunter2"));
        assert!(start.command(SHELL).contains(&format!("-p {}.", start.dialogue.unwrap().prompt)));
    }

    #[test]
    fn refusals_come_with_what_helps() {
        let sudo = login("1000", true);
        assert_eq!(
            explain("sudo: a password is required", &sudo),
            "sudo: a password is required (give it a `become_password`, or let sudo do without)"
        );
        assert_eq!(explain("sudo: unknown user x", &sudo), "sudo: unknown user x");
        assert!(explain("sh: sudo: not found", &login("1000", false)).contains("not installed"));
    }

    #[test]
    fn user_names() {
        assert!(is_user_name("www-data") && is_user_name("DOMAIN\\ann") && is_user_name("jürgen"));
        assert!(!is_user_name("") && !is_user_name("-u") && !is_user_name("a;b") && !is_user_name("#0"));
    }
}
