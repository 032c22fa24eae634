//! Every action of the language is in its reference.

use runbook::actions::Registry;

use crate::blocks::root;

#[test]
fn every_action_has_its_part_and_its_row() {
    let page = |name: &str| std::fs::read_to_string(root().join("docs").join(name)).unwrap();
    let (actions, language) = (page("actions.md"), page("language.md"));
    for kind in Registry.kinds() {
        let name = kind.name;
        assert!(actions.contains(&format!("\n## {name}\n")), "{name} has no part in actions.md");
        assert!(actions.contains(&format!("[{name}](#{name})")), "{name} is not listed at the top of actions.md");
        let row = format!("\n| [`{name}`](actions.md#{name}) |");
        assert!(language.contains(&row), "{name} has no row in language.md");
    }
}
