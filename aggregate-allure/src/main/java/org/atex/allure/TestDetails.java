package org.atex.allure;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Details of a test that its record does not have, such as its owner and the issues about it. A program provides them
 * by {@link AllureOptions#withDetails}, for example from the metadata of its fmf tests.
 *
 * <p>Thread safety: this class is immutable; each {@code with…} method returns a changed copy.
 */
public final class TestDetails {
    private static final TestDetails NONE = new TestDetails(null, List.of(), List.of());

    private final @Nullable String description;
    private final List<Label> labels;
    private final List<Link> links;

    private TestDetails(@Nullable String description, List<Label> labels, List<Link> links) {
        this.description = description;
        this.labels = List.copyOf(labels);
        this.links = List.copyOf(links);
    }

    /** A label by which Allure groups and filters tests. */
    record Label(String name, String value) {}

    /** A link; the type selects its icon. */
    record Link(String type, String name, URI url) {}

    /** {@return no details} */
    public static TestDetails none() {
        return NONE;
    }

    /**
     * {@return a copy with another description}
     *
     * @param markdown the text, which Allure formats as Markdown
     */
    public TestDetails withDescription(String markdown) {
        return new TestDetails(markdown, labels, links);
    }

    /**
     * {@return a copy with one more owner}
     *
     * @param owner the person or team, such as the {@code contact} of an fmf test
     */
    public TestDetails withOwner(String owner) {
        return withLabel("owner", owner);
    }

    /**
     * {@return a copy with one more label}
     *
     * @param name a name that Allure knows, such as {@code severity}, or any other name
     * @param value the value
     */
    public TestDetails withLabel(String name, String value) {
        List<Label> more = new ArrayList<>(labels);
        more.add(new Label(name, value));
        return new TestDetails(description, more, links);
    }

    /**
     * {@return a copy with one more link}
     *
     * @param name the text of the link
     * @param url the address
     * @throws IllegalArgumentException if it is not an address of http or https
     */
    public TestDetails withLink(String name, URI url) {
        return with(new Link("link", name, url));
    }

    /**
     * {@return a copy with one more link to an issue}
     *
     * @param name the text of the link, such as the number of the issue
     * @param url the address
     * @throws IllegalArgumentException if it is not an address of http or https
     */
    public TestDetails withIssue(String name, URI url) {
        return with(new Link("issue", name, url));
    }

    private TestDetails with(Link link) {
        String scheme = link.url().getScheme();
        // Reports contain the address as it is, and addresses such as "javascript:" are programs.
        if (scheme == null || !List.of("http", "https").contains(scheme.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException("a link needs an address of http or https, not " + link.url());
        }
        List<Link> more = new ArrayList<>(links);
        more.add(link);
        return new TestDetails(description, labels, more);
    }

    @Nullable
    String description() {
        return description;
    }

    List<Label> labels() {
        return labels;
    }

    List<Link> links() {
        return links;
    }
}
