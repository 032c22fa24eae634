//! `service` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

/// A service of the case's own, which notes each start and reload. It waits for the end by itself.
const GIVEN: &str = r#"
printf '%s\n' '[Service]' 'ExecStartPre=/bin/sh -c "echo start >>/run/%n.starts"' 'ExecStart=/bin/sleep infinity' \
    'ExecReload=/bin/sh -c "echo reload >>/run/%n.starts"' '[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/$SELF.service
systemctl daemon-reload
"#;

/// What of it is compared: not how often it was started.
const STATE: &str = "systemctl is-active $SELF.service || true; systemctl is-enabled $SELF.service || true";

#[test]
fn service() {
    let Some(lab) = Lab::before() else { return };
    let given = |more: &str| format!("{GIVEN}\n{more}");
    Table::new(&lab, "service")
        .plain_names()
        .one_at_a_time()
        .on(&["old", "keeper"])
        .case("started", |c| {
            c.given(&given(""))
                .cleared_by("rm /etc/systemd/system/$SELF.service; systemctl daemon-reload")
                .step("service: {name: SELF, state: started}")
                .state(STATE)
                .also("/etc/systemd/system/SELF.service")
                .crashes()
                .goes_back_after("systemctl stop $SELF", "! systemctl is-active $SELF")
        })
        .hold();
}
