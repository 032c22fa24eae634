//! What is found out about books without a host.

use std::collections::BTreeMap;

use serde_json::json;

use crate::plan::Inputs;
use crate::plan::tests::{plan, plan_with, wrong, wrong_with};

/// Lines 2 to 6 of every book here; the steps begin in line 8.
const TOP: &str = "vars: {site: www.example.org, port: 8080, dsn: 'u:{{ secrets.db }}'}
secrets: {db: {env: DB}}
hosts: {old: {ssh: old, vars: {ipv4: 192.0.2.1}}, new: new, web-1: w}
groups: {both: [old, new]}
defaults: {on_failure: stop}
steps:
";

fn steps(text: &str) -> Vec<String> {
    wrong(&format!("{TOP}{text}"))
}

fn each(cases: &[(&str, &[&str])]) {
    let mut unexpected = Vec::new();
    for (text, expected) in cases {
        let told = steps(text);
        if told != *expected {
            unexpected.push(format!("{text}\n  told {told:?}\n  due  {expected:?}"));
        }
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}

#[test]
fn references_to_steps_are_held_to() {
    each(&[
        (
            "- {id: a, on: old, run: 'true'}\n- {id: b, on: old, run: {script: x, env: {A: '{{ steps.a.stdout }}'}}}",
            &[],
        ),
        (
            "- {id: a, on: old, run: {script: x, env: {A: '{{ steps.b.stdout }}'}}}\n- {id: b, on: old, run: 'true'}",
            &["8:50 `b` comes later, at b.yaml:9; a step can use what earlier ones leave"],
        ),
        (
            "- {id: a, on: old, run: {script: x, env: {A: '{{ steps.a.stdout }}'}}}",
            &["8:50 `a` uses what it leaves itself; a step can use what earlier ones leave"],
        ),
        (
            "- {id: dump-db, on: old, run: 'true'}\n- {id: b, on: old, run: {script: x, env: {A: '{{ steps.dump-db.stdout }}'}}}",
            &["9:56 `steps.dump-db` is a subtraction; `steps[\"dump-db\"]`"],
        ),
        (
            "- {id: dump-db, on: old, run: 'true'}\n- {id: b, on: old, run: {script: x, env: {A: \"{{ steps['dump-bd'].stdout }}\"}}}",
            &["9:56 unknown step `dump-bd`; did you mean `dump-db`?"],
        ),
        (
            "- {id: a, on: both, run: 'true'}\n- {id: b, on: old, run: {script: x, env: {A: '{{ steps.a.stdout }}'}}}",
            &["9:58 `a` acts on 2 hosts: each leaves its own `stdout`; `steps.a.hosts.old.stdout`"],
        ),
        (
            "- {id: a, on: both, run: 'true'}\n- {id: b, on: old, run: {script: x, env: {A: '{{ steps.a.hosts.nwe.stdout }}'}}}",
            &["9:64 `a` does not act on `nwe`; did you mean `new`?"],
        ),
        (
            "- {id: a, on: old, foreach: [1, 2], run: 'true'}\n- {id: b, on: old, run: {script: x, env: {A: '{{ steps.a.stdout }}'}}}",
            &["9:58 `a` has a `foreach`: each item leaves its own `stdout`; a list: `steps.a.results`"],
        ),
        (
            "- {id: a, on: old, run: 'true'}\n- {id: b, on: old, when: steps.a.exit_cod == 0, run: 'true'}",
            &["9:34 a step leaves no `exit_cod`; did you mean `exit_code`?"],
        ),
        (
            "- {id: a, manual: {text: x, ask: {url: Where}}}\n- {id: b, on: old, when: steps.a.answers.ulr, run: 'true'}",
            &["9:42 `a` does not ask for `ulr`; did you mean `url`?"],
        ),
    ]);
    let told = wrong("vars: {a: '{{ steps.x.stdout }}'}\nsteps: [{id: x, manual: do}]");
    let hint = "variables are worked out before anything runs: say `steps.…` where it is needed";
    assert_eq!(told, [format!("2:15 what a step leaves is not known here; {hint}")]);
}

#[test]
fn the_steps_that_one_uses_are_known() {
    let plan = plan(&format!(
        "{TOP}- {{id: a, on: old, run: 'true'}}
- {{id: b, on: old, run: 'true'}}
- {{id: c, on: old, when: steps.a.changed, run: 'true', undo: \"echo {{{{ steps['b'].stdout | quote }}}}\"}}
- {{id: d, on: old, run: {{script: x, env: {{A: '{{{{ steps[site].stdout }}}}'}}}}}}"
    ));
    let uses: Vec<Vec<&str>> =
        plan.steps().map(|step| step.uses.iter().map(crate::base::StepId::as_str).collect()).collect();
    assert_eq!(uses, [vec![], vec![], vec!["a", "b"], vec!["a", "b", "c"]]);
}

#[test]
fn names_are_known_or_told() {
    each(&[
        (
            "- {id: a, on: old, run: \"echo {{ sit | quote }}\"}",
            &["8:34 undefined variable `sit`; did you mean `site`?"],
        ),
        (
            "- {id: a, on: old, run: \"x {% if false %}{{ sit | quote }}{% endif %}\"}",
            &["8:45 undefined variable `sit`; did you mean `site`?"],
        ),
        ("- {id: a, on: old, run: \"echo {{ sit | default(value='') | quote }}\"}", &[]),
        ("- {id: a, on: old, run: \"x {% if sit is defined %}{{ sit | quote }}{% endif %}\"}", &[]),
        ("- {id: a, on: old, run: \"x {% for x in [1] %}{{ x | quote }}{% endfor %}\"}", &[]),
        ("- {id: a, on: old, run: \"x {% set x = site %}{{ x | quote }}\"}", &[]),
        (
            "- {id: a, on: old, run: \"echo {{ item | quote }}\"}",
            &["8:34 `item` is not known here; it is there only in a step with `foreach`, for each item"],
        ),
        (
            "- {id: a, manual: \"On {{ host.name }}\"}",
            &["8:26 `host` is not known here; it is there only in a step with `on`, for each host"],
        ),
        (
            "- {id: a, on: both, run: \"echo {{ host.ipv4 | quote }}\"}",
            &["8:40 `host` has no `ipv4`; there is `name`, `ssh`"],
        ),
        ("- {id: a, on: both, when: host.name == 'old', run: \"echo {{ host.ipv4 | quote }}\"}", &[]),
        (
            "- {id: a, on: both, when: host.name == 'old', run: \"echo {{ host.ipv6 | quote }}\"}",
            &["8:66 `host` has no `ipv6`; did you mean `ipv4`?"],
        ),
        (
            "- {id: a, on: old, run: \"echo {{ hosts.odl.ipv4 | quote }}\"}",
            &["8:40 unknown role `odl`; did you mean `old`?"],
        ),
        (
            "- {id: a, on: old, run: \"echo {{ hosts.web-1.ssh | quote }}\"}",
            &["8:40 `hosts.web-1` is a subtraction; `hosts[\"web-1\"]`"],
        ),
        (
            "- {id: a, on: old, foreach: [{n: 1}, {m: 2}], run: \"echo {{ item.n | quote }}\"}",
            &["8:66 `item` has no `n`; did you mean `m`?"],
        ),
        (
            "- {id: a, on: old, when: '{{ site }}', run: 'true'}",
            &["8:27 a condition is an expression without braces; `site`"],
        ),
        (
            "- {id: a, on: old, run: {script: x, env: {'{{ site }}': y}}}",
            &[
                "8:43 a key cannot be a template",
                "8:43 `{{ site }}` is no name for an environment variable; letters, digits and `_`, the first no digit",
            ],
        ),
        ("- {id: a, on: old, when: sit, run: 'true'}", &["8:26 undefined variable `sit`; did you mean `site`?"]),
        (
            "- {id: a, on: old, become: '{{ usr }}', confirm: '{{ item }}', timeout: '{{ site }}', run: 'true'}",
            &[
                "8:32 undefined variable `usr`",
                "8:54 `item` is not known here; it is there only in a step with `foreach`, for each item",
                "8:73 `timeout` is `www.example.org`: not a duration; durations look like `90s`, `10m`, `1h30m`, `7d`",
            ],
        ),
    ]);
}

#[test]
fn templates_that_cannot_be_read_are_told() {
    let keep = "`{{`, `{%` and `{#` begin a template: between `{% raw %}` and `{% endraw %}` text stays as it is";
    assert_eq!(steps("- {id: a, on: old, run: \"docker ps --format '{{.Names}}'\"}").len(), 1);
    assert!(steps("- {id: a, on: old, run: \"docker ps --format '{{.Names}}'\"}")[0].ends_with(keep));
    assert_eq!(steps("- {id: a, on: old, run: \"echo {{ site | uper | quote }}\"}"), ["8:41 unknown filter `uper`"]);
    let unknown =
        "- {id: a, on: old, run: 'true'}\n- {id: b, on: old, run: \"echo {{ steps.a.stdout | uper | quote }}\"}";
    assert_eq!(steps(unknown), ["9:51 unknown filter `uper`"]);
    let raw = "between `{% raw %}` and `{% endraw %}` text stays as it is: `{% raw %}${#list}{% endraw %}`";
    assert_eq!(
        steps("- {id: a, on: old, run: 'echo ${#x}'}"),
        [format!("8:31 `${{#` opens a comment of the template; {raw}")]
    );
    assert_eq!(
        steps("- {id: a, on: old, run: 'echo ${#x} #}'}"),
        [format!("8:31 `${{#` opens a comment of the template; {raw}")]
    );
    assert_eq!(steps("- {id: a, on: old, run: '{% raw %}echo ${#x} {{ y }}{% endraw %}'}"), Vec::<String>::new());
}

#[test]
fn scripts_quote_what_is_put_into_them() {
    let said = |inner: &str, quoted: &str| {
        format!(
            "`{inner}` becomes a part of the script, whatever is in it; `{{{{ {quoted} | quote }}}}` makes one word of \
             it; or give it to the script through `env`"
        )
    };
    let wrong = |script: &str| steps(&format!("- {{id: a, on: old, run: \"{script}\"}}"));
    assert_eq!(wrong("echo {{ site }}"), [format!("8:34 {}", said("site", "site"))]);
    assert_eq!(wrong("echo {{ site | upper }}"), [format!("8:34 {}", said("site | upper", "site | upper"))]);
    assert_eq!(
        wrong("echo {{ site ~ 'x' | quote }}"),
        [format!("8:34 {}", said("site ~ 'x' | quote", "(site ~ 'x' | quote)"))]
    );
    for fine in ["echo {{ site | quote }}", "echo {{ (site ~ 'x') | quote }}", "echo {{ 3 }}", "echo {# site #}"] {
        assert_eq!(wrong(fine), Vec::<String>::new(), "{fine}");
    }
    let everywhere = "- on: old
  id: a
  unless: test {{ site }}
  run: {script: 'x {{ site }}', args: ['{{ site }}'], env: {A: '{{ site }}'}}
  verify: test {{ site }}
  undo:
    - run: rm {{ site }}
    - run: [rm, '{{ site }}']
    - run: {script: 'print(\"{{ site }}\")', shell: python3}";
    let lines: Vec<String> = steps(everywhere).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["10:19", "11:23", "12:19", "14:18"]);
}

#[test]
fn secrets_stand_only_where_they_stay_hidden() {
    let only = "a secret cannot stand here; in `run` only under `env` or `stdin`";
    each(&[
        (
            "- {id: a, on: old, run: {script: x, env: {A: '{{ secrets.db }}', B: 'x {{ dsn }}'}, stdin: '{{ secrets.db }}'}}",
            &[],
        ),
        ("- {id: a, on: old, run: 'echo {{ secrets.db }}'}", &[&format!("8:34 {only}")[..]]),
        ("- {id: a, on: old, run: {script: 'echo {{ dsn }}'}}", &[&format!("8:43 {only}")[..]]),
        ("- {id: a, on: old, run: {script: x, args: ['{{ secrets.db }}']}}", &[&format!("8:48 {only}")[..]]),
        (
            "- {id: a, on: old, run: {script: x, env: {A: '{{ secrets.db | upper }}'}}}",
            &["8:50 a secret is put in as it is; no filter and no condition can see its value: `{{ secrets.NAME }}`"],
        ),
        (
            "- {id: a, on: old, run: {script: x, env: {A: '{{ dsn | quote }}'}}}",
            &["8:50 a secret is put in as it is; no filter and no condition can see its value: `{{ secrets.NAME }}`"],
        ),
        (
            "- {id: a, on: old, run: {script: x, env: {A: '{{ secrets.bd }}'}}}",
            &["8:58 unknown secret `bd`; did you mean `db`?"],
        ),
        (
            "- {id: a, on: old, when: secrets.db == 'x', run: 'true'}",
            &[
                "8:26 a secret cannot stand here; it would be shown, or reach a command line: see `env` and `stdin` of `run`",
            ],
        ),
        (
            "- {id: a, on: old, foreach: ['{{ secrets.db }}'], run: 'true'}",
            &[
                "8:34 a secret cannot stand here; it would be shown, or reach a command line: see `env` and `stdin` of `run`",
            ],
        ),
        (
            "- {id: a, on: old, run: 'true', undo: 'echo {{ dsn }}'}",
            &[
                "8:48 a secret cannot stand here; it would be shown, or reach a command line: see `env` and `stdin` of `run`",
            ],
        ),
        ("- {id: a, on: old, run: 'true', undo: [{run: {script: x, env: {A: '{{ secrets.db }}'}}}]}", &[]),
        (
            "- {id: a, dns: {server: n, zone: z, key: bd, records: [{name: a, type: A, ttl: 1}]}}",
            &["8:42 unknown secret `bd`; did you mean `db`?"],
        ),
        ("- {id: a, dns: {server: n, zone: z, key: '{{ secrets.db }}', records: [{name: a, type: A, ttl: 1}]}}", &[]),
        (
            "- {id: a, name: 'x {{ secrets.db }}', on: old, run: 'true'}",
            &[
                "8:3 a secret cannot stand here; it would be shown, or reach a command line: see `env` and `stdin` of `run`",
            ],
        ),
    ]);
}

#[test]
fn steps_act_on_hosts_that_there_are() {
    let local = "`on: local` is this machine: nothing runs here by omission";
    each(&[
        (
            "- {id: a, http: {url: 'https://x.example.org/', resolve: nww}}",
            &["8:58 unknown host `nww`; did you mean `new`?"],
        ),
        ("- {id: a, http: {url: 'https://x.example.org/', resolve: '[2001:db8::1]'}}", &[]),
        ("- {id: a, foreach: [old], http: {url: 'https://x.example.org/', resolve: '{{ item }}'}}", &[]),
        ("- {id: a, on: odl, run: 'true'}", &["8:15 unknown host `odl`; did you mean `old`?"]),
        ("- {id: a, on: [old, bth], run: 'true'}", &["8:21 unknown host `bth`; did you mean `both`?"]),
        (
            "- {id: a, on: '{{ site }}', run: 'true'}",
            &["8:15 unknown host `{{ site }}`; `on` names roles and groups: where those are, `hosts` says"],
        ),
        ("- {id: a, run: 'true'}", &[&format!("8:11 `run` acts on a host: `on` has to say on which; {local}")[..]]),
        (
            "- {id: a, manual: x, verify: 'true'}",
            &[
                &format!("8:30 the script of `verify` runs on a host: `on` of the step has to say on which; {local}")[..],
            ],
        ),
        ("- {id: a, manual: x, undo: 'true'}", &[]),
        (
            "- {id: a, manual: x, undo: [{run: 'true'}]}",
            &[&format!("8:30 `run` in `undo` acts on a host: `on` has to say on which; {local}")[..]],
        ),
        (
            "- {id: a, manual: x, undo: [{on: loacl, run: 'true'}]}",
            &["8:34 unknown host `loacl`; did you mean `local`?"],
        ),
    ]);
    let told = wrong("hosts: {a: a}\ngroups: {g: [a, b], h: [g], e: []}\nsteps: [{id: x, manual: x}]");
    assert_eq!(
        told,
        [
            "3:17 unknown host `b`; did you mean `a`?",
            "3:25 `g` is a group itself; a group is of roles",
            "3:29 the group `e` is empty",
        ]
    );
}

#[test]
fn given_variables_take_the_place_of_the_books() {
    let text = "vars: {site: a, port: 8080, word: '8080'}\nhosts: {old: \"{{ site }}\"}\nsteps: [{id: a, on: old, when: port > 8000 and more, run: 'true'}]";
    let inputs = |pairs: &[(&str, &str)]| Inputs {
        vars: pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<BTreeMap<_, _>>(),
        ..Inputs::default()
    };
    let plan = plan_with(text, &inputs(&[("site", "b"), ("port", "9090"), ("word", "9090"), ("more", "true")]));
    assert_eq!(plan.hosts[0].ssh, "b");
    assert_eq!(plan.vars["port"], json!(9090));
    assert_eq!(plan.vars["word"], json!("9090"));
    assert_eq!(plan.vars["more"], json!(true));
    let told = wrong_with(text, &inputs(&[("sit", "b"), ("more", "1")]));
    assert_eq!(told, ["the runbook has no variable `sit`; did you mean `site`?"]);
    let sealed = crate::base::secret::sealed("db");
    let plan = plan_with(text, &inputs(&[("word", &sealed), ("more", "1")]));
    assert_eq!(plan.vars["word"], json!("\u{FFFD}db\u{FFFD}"));
}

#[test]
fn what_is_worked_out_before_a_run_cannot_name_it() {
    let hint = "this is worked out before a run begins: `run` is known in what a step does";
    let top = "vars: {dump: '/tmp/{{ run.id }}'}\nhosts: {old: old}\n";
    let told = |steps: &str| wrong(&format!("{top}steps: [{steps}]"));
    assert_eq!(told("{id: a, on: old, run: 'echo {{ dump | quote }}'}"), Vec::<String>::new());
    assert_eq!(told("{id: a, name: 'x {{ dump }}', manual: x}"), [format!("4:9 `run` is not known here; {hint}")]);
    let told = wrong("hosts: {old: 'h-{{ run.id }}'}\nsteps: [{id: a, on: old, run: 'true'}]");
    assert_eq!(told, ["2:20 `run` is not known here; hosts are known before a run begins"]);
}

#[test]
fn books_as_a_whole_are_looked_into() {
    let told = wrong(
        "name: 'Move {{ sit }}'
vars: {site: x, later: '{{ last }}', last: 1, own: '{{ own }}'}
secrets: {a: {file: '{{ site }}.txt'}, b: {command: 'pass {{ secrets.a }}'}}
hosts: {old: old}
defaults: {become: '{{ usr }}'}
notify: {on: done, run: 'echo {{ site }}'}
deadline: {rollback_by: '{{ site }}'}
phases:
- {id: p, name: '{{ item }}', confirm: 'Go on with {{ steps.s.stdout }}?', steps: [{id: s, on: old, run: 'true'}]}
",
    );
    let quote = "`{{ site | quote }}` makes one word of it; or give it to the script through `env`";
    assert_eq!(told, [
        "2:16 undefined variable `sit`; did you mean `site`?".to_owned(),
        "3:28 `last` is defined only after this; a variable may use earlier ones: move it up".to_owned(),
        "3:56 `own` is defined by itself; it can use earlier variables".to_owned(),
        "4:53 a secret cannot stand here".to_owned(),
        "6:24 undefined variable `usr`".to_owned(),
        format!("7:34 `site` becomes a part of the script, whatever is in it; {quote}"),
        "8:25 `rollback_by` is `x`: not an instant; instants look like `2018-08-20T09:00Z`, `2018-08-20T09:00+12:00`"
            .to_owned(),
        "10:3 `item` is not known here; it is there only in a step with `foreach`, for each item".to_owned(),
        "10:55 what a step leaves is not known here; it is known only in the steps after it".to_owned(),
    ]);
}

#[test]
fn a_probe_that_a_maintenance_page_would_fool_is_warned_about() {
    let told = |expect: &str| {
        wrong(&format!(
            "watch: [{{name: site, http: {{url: 'https://a/'}}, every: 1s{expect}}}]\nsteps: [{{id: a, manual: x}}]\n"
        ))
    };
    let warning = "2:16 `site` expects no more than a status: a maintenance page answers 200 too; \
                   `expect: {status: 200, body: REGEX}` with something that only the real site says";
    assert_eq!(told(""), [warning]);
    assert_eq!(told(", expect: {status: 200}"), [warning]);
    for enough in ["body: users", "headers: {Server: x}", "not: {body: maintenance}"] {
        assert_eq!(told(&format!(", expect: {{status: 200, {enough}}}")), Vec::<String>::new());
    }
}

#[test]
fn a_wait_counts_what_an_earlier_look_at_the_dns_saw() {
    // Where the action itself has more to say, that comes after.
    let first = |text: &str| steps(text).swap_remove(0);
    let later = "- {id: a, wait: {ttl_of: b}}\n- {id: b, manual: x}";
    assert_eq!(first(later), "8:26 `ttl_of` names `b`, which comes no earlier");
    let other = "- {id: b, manual: x}\n- {id: a, wait: {ttl_of: b}}";
    let hint = "a `lookup` or a `dns` step has seen a time to live";
    assert_eq!(first(other), format!("9:26 `ttl_of` names `b`, which is a `manual`; {hint}"));
    let unknown = "- {id: before, manual: x}\n- {id: a, wait: {ttl_of: befroe}}";
    assert_eq!(first(unknown), "9:26 unknown step `befroe`; did you mean `before`?");
}

#[test]
fn a_list_is_not_given_as_a_text() {
    let inputs = Inputs { vars: BTreeMap::from([("packages".to_owned(), json!("a"))]), ..Inputs::default() };
    let told = wrong_with("vars: {packages: [a, b]}\nsteps: [{id: a, manual: x}]", &inputs);
    let hint = "lists and mappings are given by a file, with --vars-file";
    assert_eq!(told, [format!("the variable `packages` is a list, at b.yaml:2:8, and a text is given; {hint}")]);
}
