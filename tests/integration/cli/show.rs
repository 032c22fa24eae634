//! `show`: a runbook as a document.

use insta::assert_snapshot;

use crate::support::Test;

const BOOK: &str = r#"
    name: Move <the> site
    description: From *old* to new.
    vars: {site: www.example.org, data: "/srv/{{ site }}"}
    secrets: {password: {env: DB_PASSWORD}}
    hosts:
      old: old.example.org
      new: {ssh: new.example.org, become: root, vars: {ipv4: 192.0.2.12}}
    groups: {both: [old, new]}
    watch:
      - {name: site, http: {url: "https://{{ site }}/"}, every: 1s, expect: {status: 200, body: users}}
    phases:
      - name: Prepare
        confirm: Ready?
        steps:
          - id: count
            name: Count | things
            on: old
            run: ls {{ data | quote }} | wc -l
            undo: nothing
          - id: page
            on: new
            template: {src: page.tera, dest: "{{ data }}/index.html", mode: 0644}
          - id: off
            name: Stop the jobs
            on: both
            cron: {file: /etc/cron.d/pull, state: disabled}
            temporary: until {{ site }} has moved
      - name: Move
        steps:
          - id: role
            on: new
            become: postgres
            run: {script: "createuser `cat x`\n", shell: bash, env: {COUNT: "{{ steps.count.stdout }}", PASSWORD: "{{ secrets.password }}"}}
            undo: dropuser --if-exists web
            verify: {checks: [{http: {url: "http://{{ host.ipv4 }}/"}}], for: 30s}
          - id: look
            name: Look at it
            manual: {text: "Open https://{{ site }}/", checklist: [it works], ask: {who: Who looked?}}
          - id: on
            restores: off
          - id: old-off
            name: Switch old off
            on: old
            irreversible: somebody has to walk there
            confirm: {prompt: Sure?, type: off}
            reboot: {state: "off"}
"#;

fn test() -> Test {
    Test::new().runbook(BOOK).file("page.tera", "<h1>{{ site }}</h1>\n```\n")
}

#[test]
fn a_runbook_is_a_document() {
    let ran = test().run("show book.yaml").exits(0);
    assert_snapshot!(ran, @r#"
    -- stdout
    # Move \<the\> site

    > From *old* to new.

    | what | how many |
    | --- | --- |
    | phases | 2 |
    | steps | 7 |
    | gates | 2 |
    | steps that a person does | 1 |
    | temporary changes | 1 |
    | points of no return | 1 |
    | steps without a way back | 1 |

    Points of no return:

    - Switch old off (`old-off`)

    Without a way back:

    - Switch old off (`old-off`)

    ## Hosts

    | role | where | acts as |
    | --- | --- | --- |
    | old | `old.example.org` |  |
    | new | `new.example.org` | `root` |

    | group | members |
    | --- | --- |
    | both | old, new |

    ## Variables

    | name | value |
    | --- | --- |
    | `site` | `www.example.org` |
    | `data` | `/srv/www.example.org` |

    ## Secrets

    | name | where it comes from |
    | --- | --- |
    | `password` | the environment variable `DB_PASSWORD` |

    ## Watched all the while

    **site**, every 1s:

    Asks for `https://www.example.org/` (GET).

    - expect: `{status: 200, body: users}`

    ## Prepare

    - [ ] **Gate**: Ready?

    ### 1.1 Count | things

    `count` on **old** · book.yaml:16

    Runs a script:

    ```sh
    ls /srv/www.example.org | wc -l
    ```

    Changes nothing.

    ### 1.2 page

    `page` on **new** · book.yaml:21

    Writes `/srv/www.example.org/index.html` from the template `page.tera`.

    - mode: `0644`

    `page.tera`:

    ````
    <h1>{{ site }}</h1>
    ```
    ````

    Takes itself back.

    ### 1.3 Stop the jobs — temporary

    `off` on **both** · book.yaml:24

    - A temporary change: until www.example.org has moved.

    Comments the jobs of `/etc/cron.d/pull` out.

    Takes itself back.

    ## Move

    ### 2.1 role

    `role` on **new** as `postgres` · book.yaml:31

    Runs a script:

    ```bash
    createuser `cat x`
    ```

    - shell: `bash`
    - env: `{COUNT: {{ steps.count.stdout }}, PASSWORD: {{ secrets.password }}}`

    **Verified by** these checks, tried for 30s:

    Asks for `http://192.0.2.12/` (GET).

    **Taken back** by this script:

    ```sh
    dropuser --if-exists web
    ```

    ### 2.2 Look at it

    `look` · book.yaml:37

    **A person** does this:

    > Open https://www.example.org/

    - [ ] it works
    - [ ] Note down: Who looked?

    ### 2.3 on

    `on` · book.yaml:40

    Ends what `off` has opened, by the undo of that step.

    ### 2.4 Switch old off — **point of no return**

    `old-off` on **old** · book.yaml:42

    - [ ] **Gate**: Sure? (`off` has to be typed)
    - **Point of no return**, and a gate: somebody has to walk there

    Switches the host off.

    **Has no undo**: a rollback stops here.
    -- exit 0
    "#);
}

#[test]
fn a_runbook_is_a_flowchart() {
    let ran = test().run("show book.yaml --mermaid").exits(0);
    assert_snapshot!(ran, @r#"
    -- stdout
    flowchart TD
      subgraph p0["Prepare"]
        p0g{{"Ready?"}}:::gate
        p0s0["Count #124; things<br/>on old"]
        p0s1["page<br/>on new"]
        p0s2["Stop the jobs<br/>on both"]
      end
      subgraph p1["Move"]
        p1s0["role<br/>on new"]
        p1s1[/"Look at it"/]:::person
        p1s2["on"]
        p1s3g{{"Sure?"}}:::gate
        p1s3[["Switch old off<br/>on old"]]:::irreversible
      end
      p0g --> p0s0
      p0s0 --> p0s1
      p0s1 --> p0s2
      p0s2 --> p1s0
      p1s0 --> p1s1
      p1s1 --> p1s2
      p1s2 --> p1s3g
      p1s3g --> p1s3
      p0s2 -.->|ends| p1s2
      classDef gate fill:#fff3bf,stroke:#b08900,color:#000
      classDef irreversible fill:#ffc9c9,stroke:#c92a2a,color:#000
      classDef person fill:#d0ebff,stroke:#1971c2,color:#000
    -- exit 0
    "#);
}

#[test]
fn a_page_fetches_nothing_and_shows_text_as_text() {
    let page = test().run("show book.yaml --html").exits(0).stdout;
    assert!(page.contains("default-src 'none'"), "{page}");
    assert!(page.contains("<title>Move &lt;the&gt; site</title>"), "{page}");
    assert!(page.contains("<h1>Move &lt;the&gt; site</h1>"), "{page}");
    assert!(page.contains("&lt;h1&gt;{{ site }}&lt;/h1&gt;\n```\n</code></pre>"), "{page}");
    assert!(page.contains("<em>old</em>"), "{page}");
    for fetched in ["src=", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(fetched), "{fetched} in {page}");
    }
    test().run("show book.yaml --html --mermaid").exits(2);
}

#[test]
fn hosts_and_variables_may_be_those_of_another_place() {
    let test = test();
    let ran = test.run("show book.yaml --host old=10.0.0.1 --var site=test.example.org").exits(0);
    ran.says("| old | `10.0.0.1` |").says("`/srv/test.example.org`").says("until test.example.org has moved");
}

#[test]
fn what_is_wrong_is_no_document_and_a_script_gets_one_line() {
    let wrong = Test::new().runbook("steps: [{id: a, rnu: x}]").run("show book.yaml").exits(2);
    assert_eq!(wrong.complains("unknown key `rnu`").stdout, "");
    let said = test().run("show book.yaml --mermaid --output json").exits(0).json();
    assert_eq!((said[0]["event"].as_str(), said[0]["form"].as_str()), (Some("document"), Some("mermaid")));
    assert!(said[0]["text"].as_str().unwrap().starts_with("flowchart TD\n"));
    assert_eq!((said[1]["event"].as_str(), said[1]["exit"].as_i64()), (Some("ended"), Some(0)));
}

#[test]
fn a_file_that_is_not_for_everybody_is_not_shown() {
    let book = "
        hosts: {new: new.example.org}
        steps:
          - {id: secret, on: new, copy: {src: a.conf, dest: /etc/a.conf, mode: 0640}}
          - {id: key, on: new, copy: {src: b.pem, dest: /etc/b.pem}}
          - {id: open, on: new, copy: {src: c.conf, dest: /etc/c.conf, mode: 0644}}
    ";
    let test = Test::new().runbook(book).file("a.conf", "hidden-a\n").file("c.conf", "shown-c\n");
    let test = test.file("b.pem", "-----BEGIN PRIVATE KEY-----\nhidden-b\n");
    let said = test.run("show book.yaml").exits(0).says("shown-c").says("`a.conf`: 9 bytes, which are not").stdout;
    assert!(!said.contains("hidden"), "{said}");
}
