//! The destination's side of a passage, and whether the source comes through to it.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Family, Host, Read};
use crate::actions::contract::ActionError;
use crate::base::shell::quote;
use crate::transport::Command;

use super::key::{LEFT, OneTimeKey};

/// Says whether an earlier try has left something at the source.
const LOOK_BACK: &str = "x=0\nfound() { x=1; }\neach_job found\n[ ! -e \"$K/direct\" ] || x=1\necho \"$x\"\n";

/// How ssh calls: by the one key, to the one machine, and nothing of the user's own settings.
const SSH: &str = "ssh -T -F /dev/null -i key -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=yes \
                   -o UserKnownHostsFile=known -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=runbook -o ConnectTimeout=20 \
                   -o ServerAliveInterval=15 -o ControlPath=none -o ForwardAgent=no -o LogLevel=ERROR";

/// A way from the source to the destination's sshd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    address: String,
    port: u16,
    login: String,
    /// The destination's key, as type and text.
    key: String,
    /// The user to act as there, where that is another one than who logs in.
    user: Option<String>,
}

impl Route {
    /// ssh with all that it is told, as the source's shell takes it, in the key's folder: for a program that adds where to.
    #[must_use]
    pub fn ssh(&self) -> String {
        format!("{SSH} -p {}", self.port)
    }

    /// Where to, as ssh takes it. Both are plain words.
    #[must_use]
    pub fn destination(&self) -> String {
        format!("{}@{}", self.login, self.address)
    }

    /// The same as programs take it that have a path behind a colon.
    #[must_use]
    pub fn before_colon(&self) -> String {
        if self.address.contains(':') { format!("{}@[{}]", self.login, self.address) } else { self.destination() }
    }

    /// The destination's own key, as ssh keeps those that it knows.
    pub(super) fn known(&self) -> String {
        format!("runbook {}", self.key)
    }

    /// What the destination runs when it is called: `script`, as the user to act as there. `call` is what the caller has to say that it wants, as
    /// `SSH_ORIGINAL_COMMAND` has it; without it, whatever it says is passed over.
    pub(super) fn serve(&self, script: &str, call: Option<&str>) -> String {
        let expected = call.map_or_else(String::new, |call| {
            format!(
                "[ \"${{SSH_ORIGINAL_COMMAND-}}\" = {} ] || {{ echo 'this key is for one passage' >&2; exit 1; }}\n",
                quote(call)
            )
        });
        let Some(user) = self.user.as_deref().map(quote) else { return format!("{expected}{script}") };
        format!(
            "{expected}s={}\nif command -v sudo >/dev/null; then exec sudo -n -H -u {user} -- /bin/sh -c \"$s\"\n\
             else exec su -s /bin/sh -c \"$s\" {user}; fi\n",
            quote(script)
        )
    }
}

/// What a look at both ends says.
pub struct Door {
    from: Host,
    to: Host,
    login: String,
    addresses: Vec<String>,
    port: u16,
    /// The user to act as there, where that is another one.
    user: Option<String>,
    /// Whether that needs no password.
    becomes: bool,
    leftover: bool,
    key: OneTimeKey,
}

impl Door {
    /// Looks at the destination as whoever ssh logs in as; in words why there cannot be a passage at all. `stage` names the durable job of the
    /// source that will go through.
    ///
    /// # Errors
    /// Where one of them was not reached, or does not say who it is.
    pub async fn look(from: &Host, to: &Host, stage: &str, cx: &Read<'_>) -> Result<Result<Self, String>, ActionError> {
        let (source, dest) = (from.transport().role(), to.transport().role());
        if source == dest {
            return Ok(Err("both are on one host".to_owned()));
        }
        if source.is_local() || dest.is_local() {
            return Ok(Err("one end is this machine".to_owned()));
        }
        let (run, unit) = (cx.env().run, cx.env().unit);
        let from_kept = cx.around().job_home(source, from.become_user()).await?.kept(run, unit);
        let kept = cx.around().job_home(dest, None).await?.kept(run, unit);
        let user = to.become_user().map(|user| user.user.clone());
        let login = to.clone().as_user(None);
        let there =
            Command::read(include_str!("door.sh")).env("U", user.clone().unwrap_or_default()).env("K", kept.clone());
        let here = Command::read(format!("{LEFT}{LOOK_BACK}")).env("K", from_kept.clone()).env("S", stage);
        let (there, here) = tokio::try_join!(login.read(there), from.read(here))?;
        let said = there.text();
        let fields: Vec<&str> = said.split_terminator('\0').collect();
        let [name, address, port, becomes, leftover] = fields.as_slice() else {
            return Err(ActionError::failed(format!("{dest} does not say who logs in")));
        };
        let known = [Some(Family::Ipv4), Some(Family::Ipv6), None].map(|family| cx.around().address(dest, family));
        let mut addresses: Vec<String> = Vec::new();
        for address in known.into_iter().flatten().chain([(*address).to_owned()]) {
            if is_plain(&address, ".:_-") && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        // No unit's mark begins with another's.
        let mark = format!("runbook:{run}:{};", kept.rsplit('/').next().unwrap_or_default());
        let key = OneTimeKey {
            from: source.clone(),
            from_user: from.become_user().map(|user| user.user.clone()),
            from_kept,
            to: dest.clone(),
            to_kept: kept,
            mark,
            stage: stage.to_owned(),
        };
        Ok(Ok(Self {
            from: from.clone(),
            to: to.clone(),
            user: user.filter(|user| user != name),
            login: (*name).to_owned(),
            addresses,
            port: port.parse().unwrap_or(22),
            becomes: *becomes == "1",
            leftover: *leftover == "1" || here.text().trim() == "1",
            key,
        }))
    }

    /// Whether an earlier try has left its key, or its job.
    #[must_use]
    pub fn leftover(&self) -> bool {
        self.leftover
    }

    /// The key that would be made: both of its halves can be removed by that, whether it was made or not.
    #[must_use]
    pub fn key(&self) -> &OneTimeKey {
        &self.key
    }

    /// That the source reaches the destination, in words: for where there is a way.
    pub(super) fn reaches(&self) -> String {
        format!("{} reaches {}", self.from.transport().role(), self.to.transport().role())
    }

    /// The way from the source to it; in words why there is none.
    ///
    /// # Errors
    /// Where one of them was not reached.
    pub(super) async fn route(&self) -> Result<Result<Route, String>, ActionError> {
        let (source, dest) = (self.from.transport().role(), self.to.transport().role());
        if !self.becomes {
            let user = self.user.as_deref().unwrap_or_default();
            return Ok(Err(format!("{} cannot become {user} on {dest} without a password", self.login)));
        }
        if !is_plain(&self.login, "._-") {
            return Ok(Err(format!("`{}` is a user name that ssh cannot be told", self.login)));
        }
        let command =
            Command::read(include_str!("scan.sh")).env("A", self.addresses.join(" ")).env("P", self.port.to_string());
        let said = self.from.read(command).await?.text();
        if let Some(lacking) = said.strip_prefix("lacks ") {
            return Ok(Err(format!("{source} has no {}", lacking.trim())));
        }
        let due = self.to.transport().identity().await?.host_key;
        let answers: Vec<(&str, &str, &str)> = said
            .lines()
            .filter_map(|line| {
                let (address, rest) = line.split_once(' ')?;
                let (print, key) = rest.split_once(' ')?;
                Some((address, print, key))
            })
            .collect();
        if answers.is_empty() {
            let tried = self.addresses.join(", ");
            return Ok(Err(format!("{source} does not reach the sshd of {dest} (tried {tried}, port {})", self.port)));
        }
        // They come as they answer: the first of ours is taken.
        let ours = |address: &String| answers.iter().find(|(from, print, _)| from == address && *print == due);
        Ok(self
            .addresses
            .iter()
            .find_map(ours)
            .map(|(address, _, key)| Route {
                address: (*address).to_owned(),
                port: self.port,
                login: self.login.clone(),
                key: (*key).to_owned(),
                user: self.user.clone(),
            })
            .ok_or_else(|| {
                format!("what answers {source} at the address of {dest} is another machine: its key is another")
            }))
    }
}

/// Whether a word is one to every program: letters, digits and those of `more`, with no dash in front.
fn is_plain(word: &str, more: &str) -> bool {
    !word.is_empty() && !word.starts_with('-') && word.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_one_script_as_one_user() {
        let route = Route { address: "2001:db8::1".into(), port: 2222, login: "ann".into(), ..Route::default() };
        assert_eq!(route.serve("cat\n", None), "cat\n");
        assert!(route.serve("cat\n", Some("it's")).starts_with("[ \"${SSH_ORIGINAL_COMMAND-}\" = 'it'\\''s' ] || {"));
        assert_eq!((route.destination(), route.before_colon()), ("ann@2001:db8::1".into(), "ann@[2001:db8::1]".into()));
        assert!(route.ssh().ends_with(" -p 2222"));
        let served = Route { user: Some("o'neil".into()), ..route }.serve("cat 'x'\n", None);
        assert!(served.starts_with("s='cat '\\''x'\\''\n'\n"), "{served}");
        assert!(served.contains("exec sudo -n -H -u 'o'\\''neil' -- /bin/sh -c \"$s\""), "{served}");
    }

    #[test]
    fn odd_words_are_not_handed_to_ssh() {
        assert!(is_plain("db-1.example.org", ".:_-") && is_plain("2001:db8::1", ".:_-"));
        for odd in ["", "-oProxyCommand=x", "a b", "$(x)", "a;b", "fe80::1%eth0"] {
            assert!(!is_plain(odd, ".:_-"), "{odd}");
        }
    }
}
