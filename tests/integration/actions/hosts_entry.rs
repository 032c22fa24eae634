//! `hosts_entry` on a host that is a folder.

use runbook::actions::{Check, Verdict};

use super::edits::Mounted;
use super::files::{blocked, names, preview, read, world, write};
use super::world::y;

const HOSTS: &str = "127.0.0.1 localhost\n127.0.1.1 old.example.org old\n";

#[tokio::test]
async fn names_are_bound_and_unbound_around_what_others_write() {
    let (world, etc) = world().await;
    let file = etc.join("hosts");
    write(&file, HOSTS, 0o644);
    let entry = |more: &str| format!("{{address: 192.0.2.12, file: {}, {more}}}", y(&file));
    let bound = entry("names: [www.example.org, cdn.example.org]");
    let seen = preview(&world, "hosts_entry", &bound).await;
    assert_eq!(seen.summary, format!("{}: bind www.example.org cdn.example.org to 192.0.2.12", file.display()));
    assert_eq!(seen.undo, "this edit is taken out again, whatever else changes in the file meanwhile");
    assert!(matches!(world.verify("hosts_entry", &bound).await.unwrap(), Verdict::Fails(_)));
    let applied = world.apply("hosts_entry", &bound).await.unwrap();
    assert_eq!(read(&file), format!("{HOSTS}192.0.2.12\twww.example.org cdn.example.org\n"));
    assert_eq!(world.check("hosts_entry", &bound).await.unwrap(), Check::Satisfied);
    assert_eq!(world.verify("hosts_entry", &bound).await.unwrap(), Verdict::Holds);
    std::fs::write(&file, read(&file) + "192.0.2.99 other\n").unwrap();
    let gone = world.apply("hosts_entry", &entry("names: cdn.example.org, state: absent")).await.unwrap();
    assert_eq!(read(&file), format!("{HOSTS}192.0.2.12\twww.example.org\n192.0.2.99 other\n"));
    world.undo(&gone).await.unwrap();
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&file), format!("{HOSTS}192.0.2.99 other\n"));
}

#[tokio::test]
async fn a_name_that_is_bound_elsewhere_blocks() {
    let (world, etc) = world().await;
    let file = etc.join("hosts");
    write(&file, HOSTS, 0o644);
    let why = blocked(&world, "hosts_entry", &format!("{{address: 192.0.2.12, names: old, file: {}}}", y(&file))).await;
    assert!(why.starts_with(&format!("line 2 of {} on old binds old to 127.0.1.1, which is where", file.display())));
}

#[tokio::test]
async fn a_mount_point_is_written_where_it_is_and_back() {
    let (world, etc) = world().await;
    let file = etc.join("hosts");
    write(&file, HOSTS, 0o644);
    let Some(_mounted) = Mounted::over(&file) else { return };
    let bound = format!("{{address: \"2001:db8::12\", names: www.example.org, file: {}}}", y(&file));
    let applied = world.apply("hosts_entry", &bound).await.unwrap();
    assert_eq!(read(&file), format!("{HOSTS}2001:db8::12\twww.example.org\n"));
    world.undo(&applied).await.unwrap();
    assert_eq!((read(&file).as_str(), names(&etc)), (HOSTS, vec!["hosts".to_owned()]));
}
