package org.atex.fmf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/** The location of the tree of a plan's section, which is fetched on demand. Immutable. */
final class TreeSource {
    private final FoundPlan plan;
    private final DiscoverySettings settings;
    private final String subject;
    private final @Nullable String url;
    private final @Nullable String ref;
    private final @Nullable String path;

    TreeSource(FoundPlan plan, Section section, DiscoverySettings settings) {
        this.plan = plan;
        this.settings = settings;
        this.subject = "the plan " + plan.name() + ", " + section.step() + ",";
        this.url = first(section.text("url"), section.text("repository"));
        this.ref = first(section.text("ref"), section.text("revision"));
        this.path = section.text("path");
        if (url != null) {
            settings.trust().requireUrl(plan.node().place(section.step()) + subject, url);
        }
        if (ref != null) {
            Trust.requireRef(plan.node().place(section.step()) + subject, ref);
        }
    }

    private static @Nullable String first(@Nullable String one, @Nullable String other) {
        return one == null ? other : one;
    }

    /** {@return whether it is the tree that has the plan, in its present state} */
    boolean isPlanTree() {
        return url == null && ref == null && path == null;
    }

    /** {@return whether the tree is fetched, so that its history is not available} */
    boolean isRemote() {
        return url != null || plan.origin() != null;
    }

    private Path planRoot() {
        return plan.tree().directory().orElseThrow();
    }

    /**
     * {@return the tree, not adjusted; fetched if necessary}
     *
     * @param context the context for a ref in a file
     */
    FmfTree tree(FmfContext context) throws InterruptedException {
        if (isPlanTree()) {
            return plan.tree();
        }
        if (url == null && ref == null) {
            return FmfTree.load(directory(context));
        }
        return settings.cache().tree(id(context));
    }

    /**
     * {@return the directory of the tree, which may have no metadata; fetched if necessary}
     *
     * @param context the context for a ref in a file
     */
    Path directory(FmfContext context) throws InterruptedException {
        Path directory = localDirectory();
        if (url == null && ref == null) {
            return directory;
        }
        FmfId id = id(context);
        Path checkout = settings.cache().checkout(Objects.requireNonNull(id.url()), id.ref());
        // Trusted metadata may name local directories, but a path in a fetched repository never leads out of it.
        return new Trust(false).inside(subject + " path", checkout, id.path());
    }

    private Path localDirectory() {
        return path == null || url != null ? planRoot() : settings.trust().inside(subject + " path", planRoot(), path);
    }

    /** {@return the location to fetch the tree from} */
    FmfId id(FmfContext context) throws InterruptedException {
        if (url != null) {
            return new FmfId(url, ref(context), path == null ? "." : path, "/");
        }
        FmfId origin = plan.origin();
        Path directory = localDirectory();
        if (origin != null) {
            String inside = planRoot().relativize(directory).toString();
            return new FmfId(origin.url(), ref(context), origin.path() + (inside.isEmpty() ? "" : "/" + inside), "/");
        }
        Path repository = repository(directory);
        String inside = repository.relativize(directory).toString();
        return new FmfId(repository.toString(), ref(context), inside.isEmpty() ? "." : inside, "/");
    }

    /**
     * {@return the ref to fetch; null for the default branch} {@code @FILE} names a file on the default branch that has
     * the ref, and may adjust it to the context.
     */
    private @Nullable String ref(FmfContext context) throws InterruptedException {
        if (ref == null || !ref.startsWith("@")) {
            return ref;
        }
        FmfId origin = plan.origin();
        String from = url != null ? url : origin == null ? null : origin.url();
        Path checkout = from == null ? repository(planRoot()) : settings.cache().checkout(from, null);
        Path file = new Trust(false).inside(subject + " ref", checkout, ref.substring(1));
        FmfTree rules = FmfTree.ofFile(file).adjust(context, DiscoverySettings.ADJUSTMENT);
        String found = rules.root().text("ref").orElse(null);
        if (found != null) {
            Trust.requireRef(file + ":", found);
        }
        return found;
    }

    private Path repository(Path directory) {
        for (Path at = directory; at != null; at = at.getParent()) {
            if (Files.exists(at.resolve(".git"))) {
                return at;
            }
        }
        throw new FmfException(
                FmfException.Kind.REFERENCE,
                subject + " has the ref '" + ref + "' and no url, but " + directory
                        + " is not in a git repository: add a url",
                null);
    }

    /** {@return the directory of the git repository that has the plan's tree} */
    Path repository() {
        return repository(planRoot());
    }
}
