//! File modes as chmod(1) takes them: octal, or symbolic clauses such as `go-w`.

use std::fmt;

/// A mode, or a change of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All bits at once: `0644`, `1777`.
    Octal(u32),
    /// A change of what is there.
    Symbolic(Symbolic),
}

/// A symbolic change: `u=rwX,go-w`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbolic {
    text: String,
    clauses: Vec<Clause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clause {
    /// Which of u, g, o, as the bits 0o700, 0o070, 0o007.
    who: u32,
    op: Op,
    perms: Perms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Remove,
    Set,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Perms {
    /// r, w and x of one class, 0 to 7.
    bits: u32,
    /// `X`: x where it is a directory or somebody may execute it already.
    execute_if: bool,
    /// `s`.
    set_id: bool,
    /// `t`.
    sticky: bool,
}

/// Why a text is no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModeError {
    /// Neither form.
    #[error("not a file mode")]
    NotAMode,
    /// `+x`: what it does depends on the umask of whoever runs it.
    #[error("the mode does not say whose")]
    NobodyNamed,
}

/// Reads three or four octal digits, from `0644` as from `0o644`.
///
/// # Errors
/// Where it is something else.
pub fn octal(text: &str) -> Result<u32, ModeError> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    if !matches!(digits.len(), 3 | 4) || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
        return Err(ModeError::NotAMode);
    }
    u32::from_str_radix(digits, 8).map_err(|_| ModeError::NotAMode)
}

impl Mode {
    /// Reads a mode of either form.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        if let Ok(bits) = octal(text) {
            return Ok(Self::Octal(bits));
        }
        let clauses: Result<Vec<Vec<Clause>>, ModeError> = text.split(',').map(clauses).collect();
        Ok(Self::Symbolic(Symbolic { text: text.to_owned(), clauses: clauses?.concat() }))
    }

    /// What `current` becomes by it.
    #[must_use]
    pub fn applied_to(&self, current: u32, is_dir: bool) -> u32 {
        match self {
            // chmod(1) leaves the set-id bits of folders alone where the digits do not name them.
            Self::Octal(bits) if is_dir && *bits <= 0o777 => bits | (current & 0o6000),
            Self::Octal(bits) => *bits,
            Self::Symbolic(symbolic) => {
                symbolic.clauses.iter().fold(current, |mode, clause| clause.applied_to(mode, is_dir))
            }
        }
    }
}

impl fmt::Display for Mode {
    /// As chmod(1) takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Octal(bits) => write!(f, "{bits:04o}"),
            Self::Symbolic(symbolic) => f.write_str(&symbolic.text),
        }
    }
}

fn clauses(text: &str) -> Result<Vec<Clause>, ModeError> {
    let at = text.find(|c| !"ugoa".contains(c)).ok_or(ModeError::NotAMode)?;
    let (whom, mut rest) = text.split_at(at);
    let who = whom.chars().fold(0, |who, c| {
        who | match c {
            'u' => 0o700,
            'g' => 0o070,
            'o' => 0o007,
            _ => 0o777,
        }
    });
    let mut clauses = Vec::new();
    while let Some(op) = rest.chars().next() {
        let op = match op {
            '+' => Op::Add,
            '-' => Op::Remove,
            '=' => Op::Set,
            _ => return Err(ModeError::NotAMode),
        };
        rest = &rest[1..];
        let end = rest.find(['+', '-', '=']).unwrap_or(rest.len());
        clauses.push(Clause { who, op, perms: perms(&rest[..end])? });
        rest = &rest[end..];
    }
    if who == 0 { Err(ModeError::NobodyNamed) } else { Ok(clauses) }
}

fn perms(text: &str) -> Result<Perms, ModeError> {
    let mut perms = Perms::default();
    for c in text.chars() {
        match c {
            'r' => perms.bits |= 4,
            'w' => perms.bits |= 2,
            'x' => perms.bits |= 1,
            'X' => perms.execute_if = true,
            's' => perms.set_id = true,
            't' => perms.sticky = true,
            _ => return Err(ModeError::NotAMode),
        }
    }
    Ok(perms)
}

impl Clause {
    fn applied_to(self, mode: u32, is_dir: bool) -> u32 {
        let executable = is_dir || mode & 0o111 != 0;
        let class = self.perms.bits | u32::from(self.perms.execute_if && executable);
        let mut bits = (class * 0o111) & self.who;
        if self.perms.set_id {
            bits |= (if self.who & 0o700 != 0 { 0o4000 } else { 0 }) | (if self.who & 0o070 != 0 { 0o2000 } else { 0 });
        }
        if self.perms.sticky {
            bits |= 0o1000;
        }
        match self.op {
            Op::Add => mode | bits,
            Op::Remove => mode & !bits,
            Op::Set => {
                // `u=rw` clears u's own bits and, on files, its set-id bit; folders keep theirs, as with chmod(1).
                let set_ids =
                    (if self.who & 0o700 != 0 { 0o4000 } else { 0 }) | (if self.who & 0o070 != 0 { 0o2000 } else { 0 });
                let cleared = self.who | if is_dir { 0 } else { set_ids };
                mode & !cleared | bits
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_modes_are_read_from_their_digits() {
        for (text, bits) in [("0644", 0o644), ("644", 0o644), ("0o644", 0o644), ("1777", 0o1777), ("0o0755", 0o755)] {
            assert_eq!(octal(text), Ok(bits), "{text}");
        }
        for text in ["64", "06444", "0684", "rw", "", "0o", "-644", "+644", "0x1f4", "6 44"] {
            assert_eq!(octal(text), Err(ModeError::NotAMode), "{text}");
        }
    }

    #[test]
    fn symbolic_modes_do_what_chmod_does() {
        for (mode, before, is_dir, after) in [
            ("go-w", 0o666, false, 0o644),
            ("u+x", 0o644, false, 0o744),
            ("a=r", 0o777, false, 0o444),
            ("u=rwX,go=rX", 0o600, true, 0o755),
            ("u=rwX,go=rX", 0o600, false, 0o644),
            ("a+X", 0o744, false, 0o755),
            ("ug+s", 0o755, false, 0o6755),
            ("u=rwx", 0o4755, false, 0o755),
            ("u=rwx", 0o4755, true, 0o4755),
            ("o+t", 0o777, true, 0o1777),
            ("u+r-w", 0o200, false, 0o400),
            ("755", 0o2700, true, 0o2755),
            ("0644", 0o4755, false, 0o644),
        ] {
            assert_eq!(Mode::parse(mode).unwrap().applied_to(before, is_dir), after, "{mode} on {before:o}");
        }
    }

    #[test]
    fn what_is_no_mode_says_why() {
        assert_eq!(Mode::parse("+x"), Err(ModeError::NobodyNamed));
        for text in ["go", "gow", "x-w", "go-z", "", "go-w,", "rw-r--r--"] {
            assert_eq!(Mode::parse(text), Err(ModeError::NotAMode), "{text}");
        }
    }
}
