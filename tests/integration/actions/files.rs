//! What the tests of actions on files share.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use runbook::actions::{ActionError, Check};
use runbook::events::Preview;
use runbook::events::record::Failure;

use super::world::{World, action};

/// A world in which everybody may read what is on `old`, and a folder there.
pub(crate) async fn world() -> (World, PathBuf) {
    with_secrets(&[]).await
}

pub(crate) async fn with_secrets(secrets: &[(&str, &str)]) -> (World, PathBuf) {
    let world = World::with_secrets(secrets).await;
    mode(world.home("old").parent().unwrap(), 0o755);
    let etc = world.home("old").join("etc");
    std::fs::create_dir(&etc).unwrap();
    (world, etc)
}

pub(crate) fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn own(path: &Path, uid: u32, gid: u32) {
    chown(path, Some(uid), Some(gid)).unwrap();
}

pub(crate) fn write(path: &Path, text: &str, bits: u32) {
    std::fs::write(path, text).unwrap();
    mode(path, bits);
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// `uid:gid mode`, of a link itself.
pub(crate) fn dress(path: &Path) -> String {
    let found = path.symlink_metadata().unwrap();
    format!("{}:{} {:04o}", found.uid(), found.gid(), found.mode() & 0o7777)
}

/// All names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What is kept for undo on `old`.
pub(crate) fn kept(world: &World) -> Vec<String> {
    let runs = world.home("old").join(".local/state/runbook");
    if !runs.exists() {
        return Vec::new();
    }
    let folders = std::fs::read_dir(runs).unwrap().map(|run| run.unwrap().path().join("kept"));
    folders.filter(|kept| kept.exists()).flat_map(|kept| names(&kept)).collect()
}

/// What a unit on `old` would do.
pub(crate) async fn preview(world: &World, kind: &str, text: &str) -> Preview {
    match world.check(kind, text).await.unwrap() {
        Check::Differs(seen) => action(kind, text).preview(&seen).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Why a unit on `old` cannot be begun.
pub(crate) async fn blocked(world: &World, kind: &str, text: &str) -> String {
    match world.check(kind, text).await.unwrap() {
        Check::Blocked(why) => why,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn failure(error: ActionError) -> Failure {
    match error {
        ActionError::Failed(failure) => *failure,
        other => panic!("{other:?}"),
    }
}

/// The difference that keeps a unit from being taken back.
pub(crate) fn changed(error: ActionError) -> String {
    match error {
        ActionError::Changed { difference, .. } => difference.trim_start().to_owned(),
        other => panic!("{other:?}"),
    }
}
