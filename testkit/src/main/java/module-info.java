/** Contract classes with the tests of docs/contract.md, fakes of all blocks, a leak check and a fault proxy. */
module org.atex.testkit {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires transitive org.junit.jupiter.api;
    requires transitive org.assertj.core;

    exports org.atex.testkit;
}
