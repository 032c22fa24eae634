//! The operator's own files. The one home of `std::fs`: every error names the path, and what we create is for its owner alone.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("{verb} {}: {source}", path.display())]
pub struct FsError {
    /// What was tried, as in 'reading'.
    pub verb: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

fn at<'a>(verb: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FsError + 'a {
    move |source| FsError { verb, path: path.to_owned(), source }
}

/// The bytes of `path`.
///
/// # Errors
/// Where it cannot be opened or read.
#[expect(clippy::disallowed_methods, reason = "the one home of std::fs")]
pub fn read(path: &Path) -> Result<Vec<u8>, FsError> {
    std::fs::read(path).map_err(at("reading", path))
}

/// The bytes of `path`, refused past `limit` of them: a device or a mistaken path must not fill the memory.
///
/// # Errors
/// Where it cannot be read, or is larger.
#[expect(clippy::disallowed_methods, reason = "the one home of std::fs")]
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, FsError> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(at("reading", path))?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(at("reading", path))?;
    if bytes.len() as u64 > limit {
        let source = io::Error::other(format!("larger than {limit} bytes"));
        return Err(FsError { verb: "reading", path: path.to_owned(), source });
    }
    Ok(bytes)
}

/// The text of `path`, refused past `limit` bytes: a device or a mistaken path must not fill the memory.
///
/// # Errors
/// Where it cannot be read, is not UTF-8, or is larger.
pub fn read_text(path: &Path, limit: u64) -> Result<String, FsError> {
    let not_text = |_| at("reading", path)(io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"));
    String::from_utf8(read_limited(path, limit)?).map_err(not_text)
}

/// How long a file is, and its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// In bytes.
    pub size: u64,
    /// The permission bits.
    pub mode: u32,
}

/// How long the file at `path` is, and its mode.
///
/// # Errors
/// Where there is none, or it is a folder or a device.
pub fn facts(path: &Path) -> Result<Facts, FsError> {
    let found = std::fs::metadata(path).map_err(at("reading", path))?;
    if !found.is_file() {
        let source = io::Error::other(if found.is_dir() { "it is a folder" } else { "it is no ordinary file" });
        return Err(FsError { verb: "reading", path: path.to_owned(), source });
    }
    Ok(Facts { size: found.len(), mode: found.permissions().mode() & 0o7777 })
}

/// Up to `length` bytes of `path` from `offset` on: fewer only where the file ends there.
///
/// # Errors
/// Where it cannot be opened or read.
#[expect(clippy::disallowed_methods, reason = "the one home of std::fs")]
pub fn read_piece(path: &Path, offset: u64, length: u64) -> Result<Vec<u8>, FsError> {
    let mut file = std::fs::File::open(path).map_err(at("reading", path))?;
    file.seek(SeekFrom::Start(offset)).map_err(at("reading", path))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(at("reading", path))?;
    Ok(bytes)
}

/// Writes `bytes` to `path`, mode 0600, replacing the file that stood there in one step.
///
/// # Errors
/// Where the folder does not take it, or something else than a file stands there.
#[expect(clippy::disallowed_methods, reason = "the one home of std::fs")]
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FsError> {
    // Not `/dev/stdout`, which root could replace.
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        let source = io::Error::other("something that is no ordinary file stands there");
        return Err(FsError { verb: "writing", path: path.to_owned(), source });
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    // What is left of an earlier try may have another mode; and in a folder for everybody somebody else may have put it there, to be written to.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at("writing", &beside)(error)),
        _ => {}
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(at("writing", &beside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at("writing", &beside))?;
    std::fs::rename(&beside, path).map_err(at("writing", path))
}

/// Writes `bytes` to `path`, where nothing may stand yet. It is a file like any other of whoever asked for it.
///
/// # Errors
/// Where something stands there, or the folder does not take it.
#[expect(clippy::disallowed_methods, reason = "the one home of std::fs")]
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FsError> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(at("writing", path))?;
    file.write_all(bytes).map_err(at("writing", path))
}

/// Makes an empty file at `path` for the owner alone, unless there is one.
///
/// # Errors
/// Where the folder does not take it.
#[expect(clippy::disallowed_methods, reason = "the one home of std::fs")]
pub fn create_private_file(path: &Path) -> Result<(), FsError> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop).map_err(at("creating", path))
}

/// A file whatever it is called: its device and its inode.
pub type FileId = (u64, u64);

/// Which file `path` leads to now.
///
/// # Errors
/// Where there is none.
pub fn file_id(path: &Path) -> Result<FileId, FsError> {
    let found = std::fs::metadata(path).map_err(at("looking at", path))?;
    Ok((found.dev(), found.ino()))
}

/// Makes the folder `path` and those above it, for the owner alone.
///
/// # Errors
/// Where one of them cannot be made.
pub fn create_private_dir(path: &Path) -> Result<(), FsError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at("creating", path))
}

/// Removes the folder `path` with all that is in it.
///
/// # Errors
/// Where something of it stays.
pub fn remove_dir_all(path: &Path) -> Result<(), FsError> {
    std::fs::remove_dir_all(path).map_err(at("removing", path))
}

/// Removes the folder `path` if it has nothing in it but what `is_known` by its name.
///
/// # Errors
/// Where there is something else in it, or something stays.
pub fn remove_dir_of(path: &Path, is_known: impl Fn(&str) -> bool) -> Result<(), FsError> {
    for entry in std::fs::read_dir(path).map_err(at("reading", path))? {
        let name = entry.map_err(at("reading", path))?.file_name();
        if !name.to_str().is_some_and(&is_known) {
            let source = io::Error::other(format!("{} is in it", name.display()));
            return Err(FsError { verb: "removing", path: path.to_owned(), source });
        }
    }
    remove_dir_all(path)
}

/// The folders in `parent` whose names begin so, that are our own, and in which nothing has come or gone for `idle`.
#[must_use]
pub fn idle_folders(parent: &Path, prefix: &str, idle: Duration) -> Vec<PathBuf> {
    let own = rustix::process::geteuid().as_raw();
    let is_idle = |entry: &std::fs::DirEntry| {
        // Of a symbolic link, this is about the link.
        let Ok(found) = entry.metadata() else { return false };
        let since = found.modified().ok().and_then(|at| at.elapsed().ok());
        found.is_dir() && found.uid() == own && since.is_some_and(|since| since >= idle)
    };
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()));
    named.filter(is_idle).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks past what is tested")]
    fn only_a_file_is_replaced_and_what_is_written_is_private() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("other"), "other").unwrap();
        symlink(path("other"), path("report.new")).unwrap();
        std::fs::write(path("report"), "old").unwrap();
        std::fs::set_permissions(path("report"), std::fs::Permissions::from_mode(0o644)).unwrap();
        write(&path("report"), b"new").unwrap();
        assert_eq!(read(&path("report")).unwrap(), b"new");
        assert_eq!(facts(&path("report")).unwrap().mode, 0o600);
        assert_eq!(read(&path("other")).unwrap(), b"other");
        symlink(path("other"), path("link")).unwrap();
        for name in ["link", ""] {
            let why = write(&path(name), b"new").unwrap_err().to_string();
            assert!(why.ends_with("something that is no ordinary file stands there"), "{why}");
        }
        assert_eq!(read(&path("other")).unwrap(), b"other");
    }

    #[test]
    fn only_own_folders_that_nobody_uses_are_found() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["runbook-a", "other-b"] {
            std::fs::create_dir(parent.path().join(name)).unwrap();
        }
        write(&parent.path().join("runbook-file"), b"").unwrap();
        std::os::unix::fs::symlink("runbook-a", parent.path().join("runbook-link")).unwrap();
        let found = |idle| idle_folders(parent.path(), "runbook-", idle);
        assert_eq!(found(Duration::ZERO), [parent.path().join("runbook-a")]);
        assert_eq!(found(Duration::from_hours(1)), Vec::<PathBuf>::new());
        assert_eq!(idle_folders(&parent.path().join("none"), "", Duration::ZERO), Vec::<PathBuf>::new());
        write(&parent.path().join("runbook-a/mine"), b"").unwrap();
        let folder = parent.path().join("runbook-a");
        let refused = remove_dir_of(&folder, |name| name == "log").unwrap_err().to_string();
        assert!(refused.ends_with("mine is in it"), "{refused}");
        remove_dir_of(&folder, |name| name == "mine").unwrap();
        assert_eq!(found(Duration::ZERO), Vec::<PathBuf>::new());
    }
}
