package org.atex.fmf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.atex.fmf.tree.FmfContext;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfTree;
import org.jspecify.annotations.Nullable;

/** Says where a section of a plan finds its tree, and fetches it. Immutable. */
final class TreeSource {
    private final FoundPlan plan;
    private final Settings settings;
    private final String what;
    private final @Nullable String url;
    private final @Nullable String ref;
    private final @Nullable String path;

    TreeSource(FoundPlan plan, Section section, Settings settings) {
        this.plan = plan;
        this.settings = settings;
        this.what = "the plan " + plan.name() + ", " + section.step() + ",";
        this.url = first(section.text("url"), section.text("repository"));
        this.ref = first(section.text("ref"), section.text("revision"));
        this.path = section.text("path");
        if (url != null) {
            settings.trust().requireUrl(plan.node().place(section.step()) + what, url);
        }
        if (ref != null) {
            Trust.requireRef(plan.node().place(section.step()) + what, ref);
        }
    }

    private static @Nullable String first(@Nullable String one, @Nullable String other) {
        return one == null ? other : one;
    }

    /** {@return whether it is the plan's own tree} */
    boolean isOwn() {
        return url == null && ref == null && path == null;
    }

    /** {@return whether all that is at hand of its repository is one state of it} */
    boolean isRemote() {
        return url != null || plan.origin() != null;
    }

    private Path root() {
        return plan.tree().directory().orElseThrow();
    }

    /** {@return the tree, not adjusted} */
    FmfTree tree(FmfContext context) throws InterruptedException {
        if (isOwn()) {
            return plan.tree();
        }
        if (url == null && ref == null) {
            return FmfTree.load(directory(context));
        }
        return settings.cache().tree(id(context));
    }

    /** {@return the directory of the tree, which may have no metadata} */
    Path directory(FmfContext context) throws InterruptedException {
        Path own = local();
        if (url == null && ref == null) {
            return own;
        }
        FmfId id = id(context);
        Path checkout = settings.cache().checkout(Objects.requireNonNull(id.url()), id.ref());
        return new Trust(false).inside(what + " path", checkout, id.path());
    }

    private Path local() {
        return path == null || url != null ? root() : settings.trust().inside(what + " path", root(), path);
    }

    /** {@return where to fetch it from} */
    FmfId id(FmfContext context) throws InterruptedException {
        if (url != null) {
            return new FmfId(url, ref(context), path == null ? "." : path, "/");
        }
        FmfId origin = plan.origin();
        Path own = local();
        if (origin != null) {
            String inside = root().relativize(own).toString();
            return new FmfId(origin.url(), ref(context), origin.path() + (inside.isEmpty() ? "" : "/" + inside), "/");
        }
        Path repository = repository(own);
        String inside = repository.relativize(own).toString();
        return new FmfId(repository.toString(), ref(context), inside.isEmpty() ? "." : inside, "/");
    }

    /** {@return the state, which a file of the default branch may say} */
    private @Nullable String ref(FmfContext context) throws InterruptedException {
        if (ref == null || !ref.startsWith("@")) {
            return ref;
        }
        FmfId origin = plan.origin();
        String from = url != null ? url : origin == null ? null : origin.url();
        Path checkout = from == null ? repository(root()) : settings.cache().checkout(from, null);
        Path file = new Trust(false).inside(what + " ref", checkout, ref.substring(1));
        FmfTree rules = FmfTree.ofFile(file).adjust(context, Settings.ADJUSTMENT);
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
                what + " has the ref '" + ref + "' and no url, but " + directory
                        + " is in no git repository: add a url",
                null);
    }

    /** {@return where the repository of the plan's tree is} */
    Path repository() {
        return repository(root());
    }
}
