"""What the tests stand on: private servers, statement counters, a recording driver, SQL comparison."""
