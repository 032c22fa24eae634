//! Every action of the language is in its reference.

use runbook::actions::Registry;
use runbook::model::kinds;

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
        let said = language.split(&row).nth(1).unwrap_or_else(|| panic!("{name} has no row in language.md"));
        let about = said.split(" |").next().unwrap().trim();
        assert_eq!(about, kinds::action(name).unwrap().about, "{name} says something else in language.md");
    }
}

#[test]
fn every_key_of_an_action_is_in_its_part() {
    let actions = std::fs::read_to_string(root().join("docs/actions.md")).unwrap();
    let mut lacking = Vec::new();
    let mut seen = 0;
    for kind in Registry.kinds() {
        let part = actions.split(&format!("\n## {}\n", kind.name)).nth(1).unwrap().split("\n## ").next().unwrap();
        for key in kind.form.mappings().iter().flat_map(|mapping| mapping.keys) {
            seen += 1;
            // Those of a short part stand in its examples alone.
            let named = [format!("`{}`", key.name), format!("{{{}: ", key.name), format!(" {}: ", key.name)];
            if !named.iter().any(|named| part.contains(named)) {
                lacking.push(format!("`{}` of {}", key.name, kind.name));
            }
        }
    }
    assert!(lacking.is_empty(), "not in docs/actions.md: {}", lacking.join(", "));
    assert!(seen > 100, "only {seen} keys were found");
}
