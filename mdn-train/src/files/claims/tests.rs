use super::*;

fn bench() -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    fs::create_dir(root.join("sub")).unwrap();
    fs::write(root.join("t.csv"), "a table").unwrap();
    (folder, move |name: &str| root.join(name))
}

#[test]
fn a_free_path_is_claimed_and_written_once() {
    let (_folder, path) = bench();
    let mut claims = Claims::new();
    claims.read(&path("t.csv"));
    let claimed = claims.claim(path("out.csv"), Kind::Table).unwrap();
    assert!(!claimed.path().exists(), "a claim makes nothing");
    claimed.write(|out| out.write_all(b"result")).unwrap();
    assert_eq!(fs::read(path("out.csv")).unwrap(), b"result");
    for again in ["out.csv", "./sub/../out.csv"] {
        let refused = claims.claim(path(again), Kind::Table).unwrap_err();
        assert!(matches!(refused, ClaimError::Claimed { .. }), "{refused}");
    }
}

#[test]
fn two_results_that_are_not_there_yet_are_told_apart_by_their_names() {
    let (_folder, path) = bench();
    let mut claims = Claims::new();
    claims.claim(path("x"), Kind::Table).unwrap();
    claims.claim(path("sub/x"), Kind::Table).unwrap();
    for again in ["sub/../x", "./sub/./x"] {
        assert!(claims.claim(path(again), Kind::Table).is_err(), "{again}");
    }
}

#[test]
fn a_file_of_somebody_else_is_replaced_by_force_alone() {
    let (_folder, path) = bench();
    for kind in [Kind::Model, Kind::Table, Kind::Picture] {
        let refused = Claims::new().claim(path("t.csv"), kind).unwrap_err();
        assert!(matches!(refused, ClaimError::Foreign { .. }), "{refused}");
        let mut claims = Claims::new();
        claims.force();
        claims.claim(path("t.csv"), kind).unwrap();
    }
    let mut claims = Claims::new();
    claims.read(&path("t.csv"));
    claims.force();
    let refused = claims.claim(path("t.csv"), Kind::Table).unwrap_err();
    assert!(matches!(refused, ClaimError::Read { .. }), "{refused}");
}

/// Root may write to any file; its mode says what its owner wants.
#[test]
fn a_protected_file_is_replaced_by_force_alone() {
    let (_folder, path) = bench();
    let own = path("own.csv");
    for bytes in ["", "line,draw,component,y\n"] {
        fs::write(&own, bytes).unwrap();
        let plain = fs::metadata(&own).unwrap().permissions();
        let mut protected = plain.clone();
        protected.set_readonly(true);
        fs::set_permissions(&own, protected.clone()).unwrap();
        let refused = Claims::new().claim(&own, Kind::Table).unwrap_err();
        assert!(matches!(refused, ClaimError::ReadOnly { .. }), "{refused}");
        let mut claims = Claims::new();
        claims.force();
        let claimed = claims.claim(&own, Kind::Table).unwrap();
        claimed.write(|out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&own).unwrap(), b"new");
        assert_eq!(fs::metadata(&own).unwrap().permissions(), protected);
        fs::set_permissions(&own, plain).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_file_is_known_by_any_name() {
    let (_folder, path) = bench();
    std::os::unix::fs::symlink("../t.csv", path("sub/soft")).unwrap();
    std::os::unix::fs::symlink("soft", path("sub/softer")).unwrap();
    std::os::unix::fs::symlink(path("sub"), path("other")).unwrap();
    fs::hard_link(path("t.csv"), path("sub/hard")).unwrap();
    let names = [
        "t.csv",
        "sub/../t.csv",
        "sub/soft",
        "sub/softer",
        "sub/hard",
        "other/hard",
    ];
    for read in names {
        for written in names {
            let mut claims = Claims::new();
            claims.read(&path(read));
            let refused = claims.claim(path(written), Kind::Table).unwrap_err();
            assert!(
                matches!(refused, ClaimError::Read { .. }),
                "{read} {written}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn a_result_that_replaced_its_file_is_still_known() {
    let (_folder, path) = bench();
    fs::write(path("a"), "line,draw,component,y\n").unwrap();
    fs::hard_link(path("a"), path("hard")).unwrap();
    std::os::unix::fs::symlink("a", path("soft")).unwrap();
    std::os::unix::fs::symlink("b", path("dangling")).unwrap();
    let mut claims = Claims::new();
    for name in ["a", "b"] {
        let claimed = claims.claim(path(name), Kind::Table).unwrap();
        claimed.write(|out| out.write_all(b"new")).unwrap();
    }
    for name in ["hard", "soft", "dangling"] {
        assert!(claims.claim(path(name), Kind::Table).is_err(), "{name}");
    }
}

#[test]
fn a_run_keeps_files_that_are_not_there_yet() {
    let (_folder, path) = bench();
    let mut claims = Claims::new();
    claims.keep(&path("new/run"), [path("new/run/state")]);
    for name in [
        "new/run/state",
        "new/run/../run/state",
        "sub/../new/run/state",
    ] {
        let refused = claims.claim(path(name), Kind::Table).unwrap_err();
        assert!(matches!(refused, ClaimError::Kept { .. }), "{refused}");
    }
    // Beginning the run makes these folders, and no others.
    for name in ["new/run/model", "new/model"] {
        claims.claim(path(name), Kind::Table).unwrap();
    }
    assert!(
        claims
            .claim(path("new/run/sub/model"), Kind::Table)
            .is_err()
    );
    assert!(claims.claim(path("newer/model"), Kind::Table).is_err());
    assert!(!path("new").exists());
}

#[test]
fn what_cannot_be_written_is_not_claimed() {
    let (_folder, path) = bench();
    let mut claims = Claims::new();
    for name in ["sub", "sub/", "nowhere/x", "nowhere/"] {
        let refused = claims.claim(path(name), Kind::Table).unwrap_err();
        assert!(matches!(refused, ClaimError::Write(_)), "{refused}");
    }
    claims.claim(path("x"), Kind::Table).unwrap();
}

#[cfg(unix)]
#[test]
fn a_device_may_be_read_and_written_often() {
    let mut claims = Claims::new();
    claims.read(Path::new("/dev/null"));
    for _ in 0..2 {
        let claimed = claims.claim("/dev/null", Kind::Table).unwrap();
        claimed.write(|out| out.write_all(b"x")).unwrap();
    }
}
