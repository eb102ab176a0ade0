/** Contracts that implementations pass by subclassing, fakes that pass them, leak checks. */
module org.atex.testkit {
    requires transitive org.atex.api;
    requires static org.jspecify;
    requires transitive org.junit.jupiter.api;
    requires transitive org.assertj.core;

    exports org.atex.testkit;
}
