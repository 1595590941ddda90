//! What belongs to others does not exist.

use tests::app::TestApp;
use tests::foreign::everybody_reads_what_is_not_theirs;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_by_id_what_belongs_to_others() {
    let app = TestApp::start().await;
    let tried = everybody_reads_what_is_not_theirs(&app, 4, 300).await;
    assert_eq!(tried.hits, Vec::<String>::new());
    assert!(tried.reads >= 300, "{}", tried.reads);
    app.finish().await;
}
