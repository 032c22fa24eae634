//! The readers over real YAML.

use std::fmt::Debug;

use super::*;
use crate::base::StepId;
use crate::model::node::{Node, Scalar, Shape};
use crate::model::{Diagnostics, yaml};

fn told(diagnostics: Diagnostics) -> Vec<String> {
    let told = diagnostics.sorted().into_iter().map(|diagnostic| match diagnostic.hint {
        Some(hint) => format!("{}; {hint}", diagnostic.message),
        None => diagnostic.message,
    });
    told.collect()
}

fn node(text: &str) -> Node {
    let mut diagnostics = Diagnostics::default();
    let node = yaml::parse(&"t.yaml".into(), text, &mut diagnostics);
    assert_eq!(told(diagnostics), Vec::<String>::new(), "{text}");
    node.unwrap()
}

/// What `read` makes of `text`: the value, or what is wrong.
fn read<T: Debug>(text: &str, read: impl FnOnce(&Node, &mut Diagnostics) -> Option<T>) -> Result<String, String> {
    let mut diagnostics = Diagnostics::default();
    let value = read(&node(text), &mut diagnostics);
    let told = told(diagnostics).join("\n");
    assert_eq!(value.is_none(), !told.is_empty(), "{text}: none exactly where something is told");
    value.map(|value| format!("{value:?}")).ok_or(told)
}

fn unknown() -> Node {
    let span = node("x").span;
    Node { shape: Shape::Scalar(Scalar::Unknown(StepId::from("later"))), span }
}

#[test]
fn texts_are_read_from_all_scalars_but_null() {
    assert_eq!(read("0644", text), Ok("\"0644\"".into()));
    assert_eq!(read("yes", text), Ok("\"yes\"".into()));
    assert_eq!(read("~", text), Err("a text is due here, found nothing".into()));
    assert_eq!(read("[a]", text), Err("a text is due here, found a list".into()));
    assert_eq!(read("{a: b}", text), Err("a text is due here, found a mapping".into()));
    assert_eq!(read("\"\"", word), Err("a text of one line is due here, found a text; it is empty".into()));
    assert_eq!(
        read("etc/x", absolute_path),
        Err("an absolute path is due here, found `etc/x`; paths on a host start with `/`".into())
    );
}

#[test]
fn booleans_are_those_of_yaml_1_2() {
    for (text, value) in [("true", "true"), ("False", "false"), ("TRUE", "true"), ("\"true\"", "true")] {
        assert_eq!(read(text, boolean), Ok(value.into()), "{text}");
    }
    let write = |word: &str, due: &str| {
        Err(format!(
            "`true` or `false` is due here, found `{word}`; in YAML 1.2 `{word}` is not a boolean: write `{due}`"
        ))
    };
    for (word, due) in [("yes", "true"), ("on", "true"), ("no", "false"), ("Off", "false"), ("1", "true")] {
        assert_eq!(read(word, boolean), write(word, due));
    }
    assert_eq!(read("maybe", boolean), Err("`true` or `false` is due here, found `maybe`".into()));
}

#[test]
fn numbers_stay_in_their_range() {
    assert_eq!(read("22", integer(1..=65535_u16)), Ok("22".into()));
    assert_eq!(read("\"22\"", integer(1..=65535_u16)), Ok("22".into()));
    assert_eq!(read("0", integer(1..=65535_u16)), Err("a whole number from 1 to 65535 is due here, found `0`".into()));
    assert_eq!(read("-5", integer(0..=9_u16)), Err("a whole number from 0 to 9 is due here, found `-5`".into()));
    let many = "99999999999999999999999";
    assert_eq!(read(many, integer(0..=9_u16)), Err(format!("a whole number from 0 to 9 is due here, found `{many}`")));
    for text in ["022", "1.5", "+5", "0x1f", "many"] {
        assert_eq!(read(text, integer(1..=65535_u16)), Err(format!("a whole number is due here, found `{text}`")));
    }
    assert_eq!(read("1.5", number), Ok("1.5".into()));
    assert_eq!(read(".inf", number), Err("a number is due here, found `.inf`".into()));
    assert_eq!(read("inf", number), Err("a number is due here, found `inf`".into()));
}

#[test]
fn times_and_modes_say_what_they_lack() {
    assert_eq!(read("1h30m", duration), Ok("5400s".into()));
    assert_eq!(
        read("90", duration),
        Err("a duration is due here, found `90`; it needs a unit: write `90s` for seconds, `90m` for minutes".into())
    );
    assert_eq!(
        read("soon", duration),
        Err("a duration is due here, found `soon`; durations look like `90s`, `10m`, `1h30m`, `7d`".into())
    );
    assert_eq!(read("2018-08-20T09:00Z", instant), Ok("2018-08-20T09:00:00Z".into()));
    assert_eq!(read("2018-08-20T09:00", instant), Err("an instant is due here, found `2018-08-20T09:00`; it needs a zone: `2018-08-20T09:00Z` in UTC, or `2018-08-20T09:00+12:00`".into()));
    assert_eq!(read("0644", octal_mode), Ok("420".into()));
    assert_eq!(read("0o644", mode), Ok("Octal(420)".into()));
    assert_eq!(
        read("go-w", octal_mode),
        Err("a file mode is due here, found `go-w`; three or four octal digits, such as `0644`".into())
    );
    assert_eq!(
        read("+x", mode),
        Err("a file mode is due here, found `+x`; say whose: `a+x` for everybody, `u+x` for the owner".into())
    );
    assert_eq!(read("0x1a4", mode), Err("a file mode is due here, found `0x1a4`; three or four octal digits such as `0644`, or symbolic such as `u=rwX,go-w`".into()));
}

#[test]
fn words_out_of_some_are_told_apart() {
    let state = || one_of(&[("present", 1), ("absent", 2)]);
    assert_eq!(read("absent", state()), Ok("2".into()));
    assert_eq!(
        read("presnet", state()),
        Err("`present` or `absent` is due here, found `presnet`; did you mean `present`?".into())
    );
    assert_eq!(read("[a]", state()), Err("`present` or `absent` is due here, found a list".into()));
    assert_eq!(read("'a(b'", regex), Err("the regular expression cannot be read: unclosed group".into()));
}

#[test]
fn every_item_that_is_wrong_is_told() {
    assert_eq!(read("[1h, 2, [3]]", list(duration)).unwrap_err().lines().count(), 2);
    assert_eq!(read("1h", list(duration)), Err("a list is due here, found `1h`".into()));
    assert_eq!(read("1h", one_or_list(duration)), Ok("[3600s]".into()));
    assert_eq!(read("{a: 1, b: x}", map_of_text), Ok("[(\"a\", \"1\"), (\"b\", \"x\")]".into()));
}

#[test]
fn keys_that_are_not_known_get_the_nearest_that_is() {
    let copy = |node: &Node, diagnostics: &mut Diagnostics| {
        let mut fields = Fields::of(node, "`copy`", &["src", "content", "dest", "mode"], diagnostics)?;
        let from = fields.exactly_one(&["src", "content"]);
        let dest = fields.required("dest", absolute_path);
        let mode = fields.optional("mode", octal_mode);
        fields.done()?;
        Some((from?, dest?, mode))
    };
    assert_eq!(read("{src: a, dest: /b, mode: 0644}", copy), Ok("(\"src\", \"/b\", Some(420))".into()));
    assert_eq!(read("{src: a, dest: /b, mode: }", copy), Ok("(\"src\", \"/b\", None)".into()));
    assert_eq!(
        read("{src: a, dset: /b}", copy),
        Err("`copy` lacks `dest`\nunknown key `dset` in `copy`; did you mean `dest`?".into())
    );
    assert_eq!(
        read("{src: a, dest: /b, colour: 1}", copy),
        Err("unknown key `colour` in `copy`; known here: `src`, `content`, `dest` or `mode`".into())
    );
    assert_eq!(read("{dest: /b}", copy), Err("`copy` takes one of `src` or `content`".into()));
    assert_eq!(
        read("{src: a, content: b, dest: /b}", copy),
        Err("`copy` takes one of `src` or `content`, found `src` and `content`".into())
    );
    assert_eq!(
        read("/a", copy),
        Err("`copy` takes a mapping, found `/a`; its keys: `src`, `content`, `dest` or `mode`".into())
    );

    let mut diagnostics = Diagnostics::default();
    assert!(copy(&unknown(), &mut diagnostics).is_some());
    assert!(diagnostics.as_slice().is_empty());
}

#[test]
fn what_is_not_known_yet_reads_as_anything() {
    let node = unknown();
    let mut diagnostics = Diagnostics::default();
    let d = &mut diagnostics;
    assert!(text(&node, d).is_some() && word(&node, d).is_some() && absolute_path(&node, d).is_some());
    assert!(boolean(&node, d).is_some() && integer(5..=9)(&node, d).is_some() && number(&node, d).is_some());
    assert!(duration(&node, d).is_some() && instant(&node, d).is_some() && regex(&node, d).is_some());
    assert!(octal_mode(&node, d).is_some() && mode(&node, d).is_some() && one_of(&[("a", 1)])(&node, d).is_some());
    assert!(
        list(duration)(&node, d).is_some()
            && one_or_list(duration)(&node, d).is_some()
            && map_of_text(&node, d).is_some()
    );
    assert!(checked("a colour", |text| if text == "red" { Ok(1) } else { Err(String::new()) })(&node, d).is_some());
    assert!(diagnostics.as_slice().is_empty());
}
