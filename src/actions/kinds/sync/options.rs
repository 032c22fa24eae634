//! What the two rsyncs are told.

use crate::base::shell::quote;
use crate::transport::Command;

use super::action::Sync;
use super::decode::Ids;
use super::seen::Seen;

/// Where a file goes on that was interrupted: in the folder that it is in.
pub(super) const PARTIAL: &str = ".runbook-partial";

/// What stands for the destination's path where the source's rsync names it. The destination's rsync is told the path by us.
const PLACE: &str = "./x";

/// Seconds without a sign of the other after which an rsync gives up: what was left behind by a lost connection does not stay for ever.
const SILENCE: u32 = 600;

/// What settings of the host's own could change.
pub(super) const UNSET: &str = "unset RSYNC_RSH RSYNC_PROTECT_ARGS RSYNC_OLD_ARGS RSYNC_PARTIAL_DIR RSYNC_ICONV RSYNC_MAX_ALLOC POPT_ALIASES\n\
                     export LC_ALL=C\n";

/// Says on fd 4 what the other rsync is to be started as, then copies both ways: from rsync to fd 4, from fd 3 to rsync. rsync closes its end
/// only when this has gone, so the one copy ends the other. In quotes that rsync's `-e` takes off: it holds none of them.
const BRIDGE: &str = r#"shift; { printf "%s\n" "$#"; printf "%s\0" "$@"; } >&4; exec 5<&0; cat <&5 >&4 & c=$!; exec 5<&-; cat <&3; kill "$c" 2>/dev/null; exit 0"#;

/// What one of several transfers of a sync is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass<'a> {
    /// Nothing is done, only told.
    Dry,
    /// All of it.
    Whole,
    /// The files that a list on the source names, relative to the folder of the transfer.
    Listed(&'a str),
}

impl Sync {
    /// What the source's rsync is told, but for how it reaches the other one.
    pub(super) fn arguments(&self, seen: &Seen, pass: Pass<'_>) -> Vec<String> {
        let mut words: Vec<String> = vec!["-aHS".to_owned()];
        let mut add = |word: String| words.push(word);
        if seen.acls {
            add("-A".to_owned());
        }
        if seen.xattrs {
            add("-X".to_owned());
        }
        if self.ids == Ids::Numeric {
            add("--numeric-ids".to_owned());
        }
        if self.delete && !matches!(pass, Pass::Listed(_)) {
            add("--delete".to_owned());
        }
        if self.checksum {
            add("--checksum".to_owned());
        }
        if let Some(rate) = &self.bwlimit {
            add(format!("--bwlimit={rate}"));
        }
        add(format!("--partial-dir={PARTIAL}"));
        add(format!("--timeout={SILENCE}"));
        add("--no-h".to_owned());
        add("--outbuf=L".to_owned());
        add("--filter=-p .runbook-*".to_owned());
        seen.own.iter().for_each(|path| add(format!("--filter=- {path}")));
        self.exclude.iter().for_each(|pattern| add(format!("--exclude={pattern}")));
        match pass {
            Pass::Dry => {
                add("--dry-run".to_owned());
                add(format!("--out-format={}", super::item::FORMAT));
            }
            Pass::Whole => add("--info=progress2".to_owned()),
            Pass::Listed(list) => {
                add("--info=progress2".to_owned());
                add("--from0".to_owned());
                add(format!("--files-from={list}"));
            }
        }
        words
    }

    /// What is read: by its own name, or as a folder whose content is listed.
    pub(super) fn source<'s>(&'s self, seen: &'s Seen, pass: Pass<'_>) -> &'s str {
        if matches!(pass, Pass::Listed(_)) { &seen.listed_in } else { &self.from.path }
    }
}

/// What the destination's rsync alone is told: what it replaces or deletes goes to where undo finds it, and what is on its way is not seen.
pub(super) fn receiving(seen: &Seen) -> Vec<String> {
    let folder = &seen.backup;
    vec!["--backup".to_owned(), format!("--backup-dir={folder}/files"), format!("--temp-dir={folder}/temp")]
}

/// The source's rsync with the bridge.
pub(super) fn bridged(arguments: &[String], source: &str) -> Command {
    let call = call(arguments, &format!("-e sh -c '{BRIDGE}' bridge"), source, "relay:");
    Command::change(format!("{UNSET}exec 3<&0 4>&1\nexec {call} 1>&2\n"))
}

/// The source's rsync as a shell is told it: by which shell it reaches the other one, and where.
pub(super) fn call(arguments: &[String], shell: &str, source: &str, host: &str) -> String {
    let dest = format!("{host}{PLACE}");
    let words = ["rsync"].into_iter().chain(arguments.iter().map(String::as_str)).chain([shell, "--", source, &dest]);
    words.map(quote).collect::<Vec<_>>().join(" ")
}

/// The destination's rsync, as the source's has asked for it, with what only it has to know.
pub(super) fn server(words: &[String], more: &[String], dest: &str) -> Result<Command, String> {
    let words = server_words(words, more, dest)?;
    Ok(Command::change(format!("{UNSET}exec {}\n", words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "))))
}

/// The same as words. A host that is not what it seems may ask for anything here: only what we have asked it for is let through.
pub(super) fn server_words(words: &[String], more: &[String], dest: &str) -> Result<Vec<String>, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ["rsync", "--server", options @ .., ".", PLACE] = words.as_slice() else {
        return Err(format!("the source's rsync asks for {words:?} at the destination"));
    };
    if let Some(odd) = options.iter().find(|word| !is_known(word)) {
        return Err(format!("the source's rsync asks for the option {odd:?} at the destination"));
    }
    let ours = ["rsync", "--server"].into_iter().chain(options.iter().copied());
    let words = ours.chain(more.iter().map(String::as_str)).chain([".", dest]);
    Ok(words.map(str::to_owned).collect())
}

fn is_known(word: &str) -> bool {
    let Some(long) = word.strip_prefix("--") else {
        let letters = word.strip_prefix('-').unwrap_or_default();
        return word == PARTIAL
            || (!letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'));
    };
    let name = long.split_once('=').map_or(long, |(name, _)| name);
    let plain = long.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-=%.,".contains(&byte));
    let known = [
        "log-format",
        "timeout",
        "bwlimit",
        "delete",
        "delete-during",
        "delete-before",
        "numeric-ids",
        "partial-dir",
        "stats",
        "info",
        "from0",
        "relative",
        "no-relative",
        "dirs",
        "fake-super",
        "msgs2stderr",
        "no-msgs2stderr",
        "use-qsort",
        "new-compress",
    ];
    plain && known.contains(&name)
}

/// A pattern that stands for the path `path`, whatever is in it.
pub(super) fn literal(path: &str) -> String {
    if !path.contains(['*', '?', '[']) {
        return path.to_owned();
    }
    let mut out = String::new();
    for c in path.chars() {
        if "*?[]\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn only_what_we_asked_for_reaches_the_destination() {
        let asked = words(
            "rsync --server -nlHogDtpAXrcSe.iLsfxCIvu --log-format=%i --timeout=600 --bwlimit=1024 --delete --partial-dir \
             .runbook-partial --numeric-ids . ./x",
        );
        let more = words("--backup --backup-dir=/b");
        let given = server_words(&asked, &more, "/a 'b'/").unwrap();
        assert_eq!(
            given[given.len() - 4..],
            words("--backup --backup-dir=/b . /a 'b'/").join(" ").splitn(4, ' ').map(str::to_owned).collect::<Vec<_>>()
                [..]
        );
        for odd in [
            "rsync --server --sender -l . ./x",
            "rsync --server -l --log-file=/etc/x . ./x",
            "rsync --server -l --backup-dir /etc . ./x",
            "rsync --server -T/etc . ./x",
            "rsync --server -l . /etc",
            "sh -c x",
        ] {
            assert!(server_words(&words(odd), &[], "/a").is_err(), "{odd}");
        }
    }

    #[test]
    fn a_path_stands_for_itself_in_a_pattern() {
        assert_eq!(literal("/a b\\c"), "/a b\\c");
        assert_eq!(literal("/a*[b]\\"), "/a\\*\\[b\\]\\\\");
    }
}
