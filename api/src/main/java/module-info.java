/** The interfaces of the building blocks, and the values that they exchange. */
module org.atex.api {
    requires static transitive org.jspecify;

    exports org.atex.api;
}
