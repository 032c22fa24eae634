//! `show`: texts and template files.

use runbook::actions::{ActionError, Check, Reversible};
use serde_json::json;

use super::world::World;

#[tokio::test]
async fn a_text_is_left_for_whoever_prints_it() {
    let world = World::with_secrets(&[("db", "hunter2")]).await;
    let applied = world.apply_on(None, "show", "\"# Sums\\n\\n| a | b |\\n\\nhunter2\\n\\n\"").await.unwrap();
    assert_eq!(applied.outputs.stdout, "# Sums\n\n| a | b |\n\n***");
    assert!(!applied.outputs.changed && applied.outputs.exit_code.is_none());
    assert_eq!(applied.undo, Reversible::Nothing);
    let long = format!("\"{}\"", "ü".repeat(1 << 20));
    let shown = world.apply_on(None, "show", &long).await.unwrap().outputs.stdout;
    assert!(shown.len() < (1 << 20) + 100 && shown.ends_with("ü\n… (the rest is left out: more than 1 MiB)"));
}

#[tokio::test]
async fn a_file_is_rendered_and_asks_for_no_secret() {
    let world = World::with_secrets(&[("db", "abc")]).await;
    std::fs::write(world.book().join("t.md"), "# {{ site }}\n").unwrap();
    assert_eq!(world.check_on(None, "show", "{src: t.md}").await.unwrap(), Check::Differs(json!("# www.example.org")));
    // Too short to be masked.
    std::fs::write(world.book().join("t.md"), "{{ secrets.db }}\n").unwrap();
    let error = world.check_on(None, "show", "{src: t.md}").await.unwrap_err();
    assert!(matches!(&error, ActionError::Failed(failure) if failure.why.ends_with("t.md uses a secret")), "{error}");
    let error = world.check_on(None, "show", "{src: none.md}").await.unwrap_err();
    assert!(matches!(error, ActionError::Local(_)), "{error}");
}
