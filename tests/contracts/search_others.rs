//! Queries that were written down after the search was tuned, as other people type them: sentences,
//! slips, sounds. Kept apart from the labelled set, whose queries the keywords grew with.

use adapters::reading::ChineseReading;
use domain::catalogue::SearchIndex;

const OTHERS: &str = include_str!("../data/search_others.csv");

#[test]
fn the_first_hit_is_right_for_95_of_100_queries_of_other_people() {
    let catalogue = adapters::definitions::load_embedded().unwrap();
    let reading = ChineseReading::new().unwrap();
    let index = SearchIndex::new(&catalogue, &reading);
    let (mut right, mut of) = (0, 0);
    for line in OTHERS.lines().skip(1) {
        let (query, expected) = line.split_once(',').unwrap();
        let known = catalogue.apps().any(|app| app.slug.as_str() == expected);
        assert!(known, "{expected} of {query}");
        let hits = index.search(query, &reading).unwrap();
        let got: Vec<&str> = hits.iter().take(3).map(|hit| hit.slug.as_str()).collect();
        of += 1;
        if got.first() == Some(&expected) {
            right += 1;
        } else {
            println!("{query}: {got:?}, not {expected}");
        }
    }
    println!("first hit right, others: {right} of {of}");
    assert!(of >= 150 && right * 100 >= of * 95, "{right} of {of}");
}
