//! Files beside the book.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::support::told;
use crate::base::fs;
use crate::model::load;
use crate::plan::{Inputs, Plan, resolve, resolve_kept};

/// The plan of the book in `folder`, and what is wrong with it, without the folder's name.
fn planned(folder: &Path, book: &str) -> (Option<Plan>, Vec<String>) {
    fs::write(&folder.join("b.yaml"), format!("runbook: 1\n{book}").as_bytes()).unwrap();
    let loaded = load::load(&folder.join("b.yaml"));
    assert_eq!(told(loaded.diagnostics), Vec::<String>::new());
    let (plan, diagnostics) = resolve(loaded.book.unwrap(), &Inputs::default());
    let within = format!("{}/", folder.display());
    (plan, told(diagnostics).into_iter().map(|line| line.replace(&within, "")).collect())
}

fn fingerprint(folder: &Path, book: &str) -> String {
    let (plan, told) = planned(folder, book);
    assert_eq!(told, Vec::<String>::new());
    plan.unwrap().fingerprints.remove("a").unwrap()
}

#[test]
fn a_foreach_reads_its_items_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("sites.csv");
    let write = |text: &[u8]| fs::write(&list, text).unwrap();
    let book = "vars: {all: sites}
hosts: {old: old}
steps:
- {id: each, on: old, foreach: {csv: '{{ all }}.csv'}, run: 'echo {{ item.name | quote }}{{ item[\"the URL\"] | quote }}'}
";
    write("\u{feff}name, the URL\r\n\"Bank, the\",https://a\r\n\r\n{{ secrets.x }},\"b\n\"\"c\"\r\n".as_bytes());
    let (before, wrong) = planned(folder.path(), book);
    assert_eq!(wrong, Vec::<String>::new());
    let before = before.unwrap();
    let step = before.steps().next().unwrap();
    let rows =
        [json!({"name": "Bank, the", "the URL": "https://a"}), json!({"name": "{{ secrets.x }}", "the URL": "b\n\"c"})];
    assert_eq!(step.rows.as_ref(), rows);
    assert!(before.files.contains_key(&list), "it is kept with the run");
    write(b"name,the URL\nother,https://a\n");
    let (after, _) = planned(folder.path(), book);
    assert_ne!(before.fingerprints, after.unwrap().fingerprints, "an edit is noticed");

    for (text, expected) in [
        (
            &b"a,b\n1,2\n3\n"[..],
            "sites.csv:3:1 1 field in this row, and 2 names in the first line; a field with a comma in it stands in double quotes",
        ),
        (b"name,name\n", "sites.csv:1:1 two columns are called `name`; templates know a column by its name"),
        (b"name,\nx,y\n", "sites.csv:1:1 column 2 has no name; the first line names the columns"),
        (b"name\nx\n", "b.yaml:5:98 `item` has no `the URL`; there is `name`"),
        (b"a\n\xff\n", "b.yaml:5:38 the list sites.csv is no text in UTF-8 of up to 1 MiB"),
    ] {
        write(text);
        let (_, wrong) = planned(folder.path(), book);
        assert_eq!(wrong.first().map(String::as_str), Some(expected), "{wrong:#?}");
    }
}

#[test]
fn files_have_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_private_dir(&folder.path().join("sub")).unwrap();
    let run = |src: &str| {
        planned(
            folder.path(),
            &format!("hosts: {{old: old}}\nsteps: [{{id: a, on: old, run: {{src: {src}}}, undo: nothing}}]"),
        )
        .1
    };
    assert_eq!(run("x.sh"), ["b.yaml:3:37 reading x.sh: No such file or directory (os error 2)"]);
    assert_eq!(run("sub"), ["b.yaml:3:37 reading sub: it is a folder"]);
    fs::write(&folder.path().join("x.sh"), b"true").unwrap();
    assert_eq!(run("x.sh"), Vec::<String>::new());
    assert_eq!(run("\"{{ 'x' ~ '.sh' }}\""), Vec::<String>::new());
}

#[test]
fn what_an_earlier_step_may_make_here_need_not_be_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let sent = "{id: b, on: old, run: {src: /nowhere/at/all.sh}, undo: nothing}";
    let book = |first: &str| format!("hosts: {{old: old}}\nsteps: [{first}{sent}]");
    assert_eq!(planned(folder.path(), &book("")).1.len(), 1);
    let first = "{id: a, on: local, run: 'true', undo: nothing}, ";
    assert_eq!(planned(folder.path(), &book(first)).1, Vec::<String>::new());
    let unknown = "hosts: {old: old}
steps:
- {id: a, on: local, run: 'true', undo: nothing}
- {id: b, on: old, run: {src: '{{ steps.a.stdout }}'}, undo: nothing}";
    assert_eq!(planned(folder.path(), unknown).1, Vec::<String>::new());
}

const TEMPLATE: &str = "vars: {site: www.example.org}
secrets: {db: {env: DB}}
hosts: {old: {ssh: old, vars: {ipv4: 192.0.2.1}}, new: new}
steps:
- {id: first, on: local, run: 'true', undo: nothing}
- {id: a, on: [old, new], template: {src: x.tera, dest: /etc/x}}
";

#[test]
fn templates_are_looked_into_and_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let with = |text: &str| {
        fs::write(&folder.path().join("x.tera"), text.as_bytes()).unwrap();
        planned(folder.path(), TEMPLATE)
    };
    for (text, expected) in [
        ("{{ site }} {{ secrets.db | upper }} {{ host.name }}\n", vec![]),
        ("one\ntwo {{ sit }}\n", vec!["x.tera:2:8 undefined variable `sit`; did you mean `site`?"]),
        ("{% if false %}{{ sit }}{% endif %}", vec!["x.tera:1:18 undefined variable `sit`; did you mean `site`?"]),
        // Only one of the two hosts has no such variable.
        ("{{ host.ipv4 }}", vec!["x.tera:1:9 `host` has no `ipv4`; there is `name`, `ssh`"]),
        ("{{ secrets.bd }}", vec!["x.tera:1:12 unknown secret `bd`; did you mean `db`?"]),
        ("\n{{ steps.frst.stdout }}", vec!["x.tera:2:10 unknown step `frst`; did you mean `first`?"]),
        ("{{ site | uper }}", vec!["x.tera:1:11 unknown filter `uper`"]),
    ] {
        assert_eq!(with(text).1, expected, "{text}");
    }
    let (plan, told) = with("{{ steps.first.stdout }}");
    assert_eq!(told, Vec::<String>::new());
    let plan = plan.unwrap();
    assert!(plan.step(&"a".into()).unwrap().uses.contains("first"));
    assert_eq!(plan.files[&folder.path().join("x.tera")], b"{{ steps.first.stdout }}");
}

#[test]
fn fingerprints_go_by_files_and_by_what_their_templates_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| fs::write(&folder.path().join("x.tera"), text.as_bytes()).unwrap();
    write("{{ site }}\n");
    let before = fingerprint(folder.path(), TEMPLATE);
    assert_eq!(fingerprint(folder.path(), TEMPLATE), before);
    assert_ne!(fingerprint(folder.path(), &TEMPLATE.replace("www", "web")), before);
    write("{{ site }}\n\n");
    assert_ne!(fingerprint(folder.path(), TEMPLATE), before);
    // The same book from another folder, as a resume from elsewhere sees it.
    let other = tempfile::tempdir().unwrap();
    fs::write(&other.path().join("x.tera"), b"{{ site }}\n").unwrap();
    assert_eq!(fingerprint(other.path(), TEMPLATE), before);
}

#[test]
fn what_the_journal_kept_makes_a_plan_whatever_became_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("x.tera");
    fs::write(&template, b"{{ steps.first.stdout }}").unwrap();
    let (plan, _) = planned(folder.path(), TEMPLATE);
    let before = plan.unwrap();
    let kept = before.edited().files;
    fs::write(&template, b"{{ nothing").unwrap();
    let loaded = load::load(&folder.path().join("b.yaml"));
    let again = resolve_kept(loaded.book.unwrap(), &Inputs::default(), &kept);
    assert_eq!(again.fingerprints, before.fingerprints);
    assert_eq!(again.files, before.files);
    let id = crate::base::StepId::from("a");
    assert_eq!(again.step(&id).unwrap().uses, before.step(&id).unwrap().uses);
    let nothing_kept = load::load(&folder.path().join("b.yaml")).book.unwrap();
    assert_eq!(resolve_kept(nothing_kept, &Inputs::default(), &BTreeMap::new()).steps().count(), 2);
}
