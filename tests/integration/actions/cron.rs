//! `cron` on a host that is a folder.

use runbook::actions::Check;

use super::files::{names, preview, read, world, write};
use super::world::{action, y};

const TAB: &str = "MAILTO=root\n* * * * * slave pull avatar\n# 0 4 * * * slave old\n@daily slave pull user\n";

#[tokio::test]
async fn jobs_are_off_until_they_are_restored_whatever_a_package_has_changed() {
    let (world, etc) = world().await;
    let file = etc.join("slave");
    write(&file, TAB, 0o644);
    let off = format!("{{file: {}, state: disabled}}", y(&file));
    let seen = preview(&world, "cron", &off).await;
    assert_eq!(seen.summary, format!("{}: comment out lines 2 and 4", file.display()));
    assert!(seen.detail.contains("\n-* * * * * slave pull avatar\n+#runbook: * * * * * slave pull avatar\n"));
    let applied = world.apply("cron", &off).await.unwrap();
    assert_eq!(world.check("cron", &off).await.unwrap(), Check::Satisfied);
    write(&file, &read(&file).replace("MAILTO=root", "MAILTO=ann"), 0o644);
    world.restore(&applied).await.unwrap();
    assert_eq!(read(&file), TAB.replace("MAILTO=root", "MAILTO=ann"));
    world.again(&*action("cron", &off)).await.unwrap();
    assert_eq!(read(&file).matches("#runbook: ").count(), 2);
    world.undo(&applied).await.unwrap();
    assert_eq!(read(&file), TAB.replace("MAILTO=root", "MAILTO=ann"));
    assert_eq!(names(&etc), ["slave"]);
}

#[tokio::test]
async fn another_run_takes_our_comments_away_and_its_undo_puts_them_back() {
    let (world, etc) = world().await;
    let file = etc.join("slave");
    write(&file, TAB, 0o644);
    let off = world.apply("cron", &format!("{{file: {}, state: disabled}}", y(&file))).await.unwrap();
    let commented = read(&file);
    let on = format!("{{file: {}, state: enabled, match: avatar}}", y(&file));
    let on = world.apply("cron", &on).await.unwrap();
    assert_eq!(read(&file), commented.replace("#runbook: * * * * *", "* * * * *"));
    world.undo(&on).await.unwrap();
    assert_eq!(read(&file), commented);
    world.undo(&off).await.unwrap();
    assert_eq!(read(&file), TAB);
}

#[tokio::test]
async fn a_job_that_somebody_put_back_by_hand_is_left() {
    let (world, etc) = world().await;
    let file = etc.join("slave");
    write(&file, TAB, 0o644);
    let off = world.apply("cron", &format!("{{file: {}, state: disabled}}", y(&file))).await.unwrap();
    write(&file, &read(&file).replace("#runbook: @daily", "@daily"), 0o644);
    world.undo(&off).await.unwrap();
    assert_eq!(read(&file), TAB);
}
