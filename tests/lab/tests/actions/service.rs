//! `service` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

/// A service of the case's own, which notes each start and reload.
const GIVEN: &str = r#"
printf '%s\n' '[Service]' 'ExecStartPre=/bin/sh -c "echo start >>/run/%N.starts"' 'ExecStart=/bin/sleep infinity' \
    'ExecReload=/bin/sh -c "echo reload >>/run/%N.starts"' '[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/$SELF.service
"#;

const CLEARED: &str =
    "systemctl unmask --quiet $SELF 2>/dev/null || true; systemctl disable --quiet --now $SELF 2>/dev/null || true
    rm -f /etc/systemd/system/$SELF.service /run/$SELF.starts; systemctl reset-failed $SELF 2>/dev/null || true";

/// What of it is compared.
const STATE: &str = "systemctl is-active $SELF.service || true; systemctl is-enabled $SELF.service || true";

/// How often it was started and reloaded.
const STARTS: &str = "cat /run/$SELF.starts";

#[test]
fn service() {
    let Some(lab) = Lab::before() else { return };
    let given = |more: &str| format!("{GIVEN}\n{more}");
    let starts = |due: &str| format!("[ \"$({STARTS} | xargs)\" = '{due}' ]");
    let unit = "/etc/systemd/system/SELF.service";
    Table::new(&lab, "service")
        .plain_names()
        .one_at_a_time()
        .on(&["old", "keeper"])
        .case("started", |c| {
            c.given(&given(""))
                .cleared_by(CLEARED)
                .step("service: {name: SELF, state: started}")
                .state(STATE)
                .also(unit)
                .leaves(&starts("start"))
                .crashes()
                .goes_back_after("systemctl stop $SELF", "! systemctl is-active $SELF")
        })
        .case("stopped and disabled", |c| {
            c.given(&given("systemctl enable --quiet --now $SELF"))
                .cleared_by(CLEARED)
                .step("service: {name: SELF.service, state: stopped, enabled: false}")
                .state(STATE)
                .also(unit)
                .leaves("! systemctl is-active $SELF && ! systemctl is-enabled $SELF")
                .crashes()
        })
        .case("enabled and no more", |c| {
            c.given(&given("")).cleared_by(CLEARED).step("service: {name: SELF, enabled: true}").state(STATE).leaves("! systemctl is-active $SELF")
        })
        .case("restarted", |c| {
            c.given(&given("systemctl start $SELF"))
                .cleared_by(CLEARED)
                .step("service: {name: SELF, state: restarted}")
                .state(STATE)
                .acts()
                // A restart too many, after a crash, costs a moment; one too few would leave the old configuration running.
                .leaves("[ $(grep -cx start /run/$SELF.starts) -ge 2 ]")
                .crashes()
        })
        .case("restarted more often than systemd lets it", |c| {
            let limited = "mkdir -p /etc/systemd/system/$SELF.service.d
                 printf '%s\n' '[Unit]' StartLimitIntervalSec=1h StartLimitBurst=2 >/etc/systemd/system/$SELF.service.d/limit.conf
                 systemctl daemon-reload; systemctl start $SELF; systemctl restart $SELF";
            c.given(&given(limited))
                .cleared_by(&format!("{CLEARED}; rm -r /etc/systemd/system/$SELF.service.d; systemctl daemon-reload"))
                .step("service: {name: SELF, state: restarted}")
                .state(STATE)
                .acts()
                .leaves("systemctl is-active --quiet $SELF && [ $(grep -cx start /run/$SELF.starts) -ge 3 ]")
        })
        .case("restarted and was not running", |c| {
            c.given(&given("")).cleared_by(CLEARED).step("service: {name: SELF, state: restarted}").state(STATE).acts().leaves(&starts("start"))
        })
        .case("reloaded", |c| {
            c.given(&given("systemctl start $SELF"))
                .cleared_by(CLEARED)
                .step("service: {name: SELF, state: reloaded}")
                .state(STATE)
                .acts()
                .leaves(&starts("start reload"))
        })
        .case("started already", |c| {
            c.given(&given("systemctl enable --quiet --now $SELF"))
                .cleared_by(CLEARED)
                .step("service: {name: SELF, state: started, enabled: true}")
                .state(STATE)
                .satisfied()
        })
        .case("does not start", |c| {
            c.given("printf '%s\\n' '[Service]' 'ExecStart=/bin/false' 'Type=oneshot' >/etc/systemd/system/$SELF.service")
                .cleared_by(CLEARED)
                .step("service: {name: SELF, state: started}")
                .state(STATE)
                .fails("Failed to start SELF.service")
        })
        .case("none of that name", |c| c.step("service: {name: SELF, state: started}").blocked("there is no"))
        .case("masked", |c| {
            c.given("systemctl mask --quiet $SELF.service").cleared_by(CLEARED).step("service: {name: SELF, state: started}").blocked("masked")
        })
        .case("no reload", |c| {
            c.given("printf '%s\\n' '[Service]' 'ExecStart=/bin/sleep infinity' >/etc/systemd/system/$SELF.service; systemctl start $SELF")
                .cleared_by(CLEARED)
                .step("service: {name: SELF, state: reloaded}")
                .blocked("reload")
        })
        .case("without the right to", |c| {
            c.on(&["admin"]).given(&given("")).cleared_by(CLEARED).step("service: {name: SELF, state: started}").fails("become")
        })
        .hold();
}
