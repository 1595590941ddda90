-- The book of migrations as that release left it.
CREATE TABLE schema_migration (
    number BIGINT NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL
);
INSERT INTO schema_migration (number, sha256) VALUES
    (1, 'a634d246a93bfde7f0a71c015977993e69ef656e188758437d5fa5d3e31638c4'),
    (2, '53acbb4c0c39114b1312f7611ae5bc97766ab91cacafd8929dccdc7de5d30833'),
    (3, '2864baa7309173652e0543b738c5d507e33185f1893e09d9a44c15ac3da33919'),
    (4, '135f490b7716503e1f5affb2641ec5fef4be1b09b1bc2bd491c6fb8aa869f3a7');
