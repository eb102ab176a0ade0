/** The interfaces and values that every block knows. */
module org.atex.api {
    requires static transitive org.jspecify;

    exports org.atex.api;
}
