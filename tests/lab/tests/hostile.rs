//! Values that try to be more than values.

use crate::lab::Lab;
use crate::operator::Operator;

const NAME: &str = "-x it's \"here\"\\ $(touch pwned) `touch pwned`;touch pwned *?[a] {{ secrets }} 名前 & #";

#[test]
fn values_reach_hosts_as_data() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let before = operator.everything_before();
    let book = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/books/hostile.yaml");
    // new has no login for root: admin becomes root there.
    let hosts_file = operator.state.path().join("hosts.yaml");
    std::fs::write(&hosts_file, "hosts: {old: old, new: {ssh: new, become: root}}\n").unwrap();
    let text = format!("{NAME}\n{NAME}\t'");
    let hosts_file = hosts_file.to_str().unwrap();
    let (name, text_given) = (format!("name={NAME}"), format!("text={text}"));
    operator.runbook(&["run", book, "--hosts-file", hosts_file, "--var", &name, "--var", &text_given]).ended(0);
    let word = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let (name, text) = (word(NAME), word(&text));
    let holds = "holds() { [ \"$(cat -- \"$1\"; echo .)\" = \"$text.\" ]; }";
    for host in ["old", "new"] {
        let script = format!(
            "cd /root/hostile; name={name} text={text}; {holds}
             holds \"$name/by-env\"; holds \"$name/by-word\"; holds \"$name/$text\"; holds \"$name/-$name\"
             [ \"$(readlink -- \"$name/link\")\" = \"$name\" ]
             [ {host} = old ] || {{ holds from-old; holds \"$name/fetched\"; }}"
        );
        lab.on(host, &script);
    }
    operator.roll_back();
    operator.everything().must_be(&before);
    nobody_was_fooled(&lab);
}

/// The sample with folders whose names nobody should have: every script of it has to quote what it is given.
#[test]
fn the_sample_copes_with_any_folder() {
    let Some(lab) = Lab::before() else { return };
    let odd = "it's \"here\" $(touch pwned) `touch pwned` *[a] ü";
    let operator = Operator::new(&lab)
        .var("staging", &format!("{}/{odd}", lab.file("staging").display()))
        .var("backup", &format!("{}/{odd}", lab.file("backup").display()));
    for folder in ["staging", "backup"] {
        std::fs::create_dir(lab.file(folder)).unwrap();
    }
    let before = operator.everything_before();
    operator.run(None).ended(0);
    operator.roll_back();
    operator.everything().must_be(&before);
    nobody_was_fooled(&lab);
}

/// Whatever ran what it should have taken for a name has left a file, wherever it stood.
fn nobody_was_fooled(lab: &Lab) {
    for host in ["old", "new", "mirror1", "mirror2"] {
        assert_eq!(lab.on(host, "find / -xdev -name pwned"), "", "on {host}");
    }
    for folder in [env!("CARGO_MANIFEST_DIR"), "/tmp", "/root", "/"] {
        assert!(!std::path::Path::new(folder).join("pwned").exists(), "in {folder}");
    }
}
