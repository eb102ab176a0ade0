package org.atex.fmf;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atex.fmf.FmfFinding.Kind;
import org.atex.fmf.FmfFinding.State;
import org.atex.fmf.FmfKey.Fate;
import org.atex.fmf.FmfKey.Where;
import org.atex.fmf.tree.FmfException;
import org.atex.fmf.tree.FmfNode;
import org.atex.fmf.tree.FmfQuery;
import org.atex.fmf.tree.FmfTree;

/** Says of each plan and test of a tree what would become of it. For one thread. */
final class Linter {
    private final FmfId from;
    private final Wanted wanted;
    private final Settings settings;
    private final List<FmfFinding> findings = new ArrayList<>();

    Linter(FmfId from, Wanted wanted, Settings settings) {
        this.from = from;
        this.wanted = wanted;
        this.settings = settings;
    }

    List<FmfFinding> findings() throws InterruptedException {
        FmfTree tree = settings.cache().tree(from);
        PlanFinder finder = new PlanFinder(tree, from, settings);
        for (FmfNode node : finder.nodes()) {
            for (String name : names(finder, node)) {
                plan(name, node);
            }
        }
        FmfTree adjusted = finder.adjusted();
        adjusted.prune(FmfQuery.all().key("test")).forEach(node -> test(node, adjusted));
        return List.copyOf(findings);
    }

    /** {@return the names of the plans that a node stands for; its own if it imports what cannot be had} */
    private static List<String> names(PlanFinder finder, FmfNode node) throws InterruptedException {
        try {
            return finder.names(node);
        } catch (FmfException e) {
            return List.of(node.name());
        }
    }

    private void plan(String name, FmfNode node) throws InterruptedException {
        KeyCheck keys = new KeyCheck();
        keys.plan(node);
        List<String> warnings = keys.warnings();
        State state = State.TAKEN;
        String words;
        try {
            FmfTests tests = new Discoverer(from, name, wanted, settings.withDisabledPlan(true)).discover();
            words = tests.size() == 1 ? "1 test" : tests.size() + " tests";
            warnings = tests.warnings();
        } catch (FmfException e) {
            words = String.valueOf(e.getMessage());
            state = State.REFUSED;
        }
        if (Boolean.FALSE.equals(node.data().get("enabled"))) {
            state = State.DISABLED;
        }
        findings.add(finding(Kind.PLAN, name, state, words, node, warnings));
    }

    private void test(FmfNode node, FmfTree tree) {
        KeyCheck keys = new KeyCheck();
        keys.node(node);
        State state = State.TAKEN;
        String words = "";
        try {
            FmfTest.of(node, node.name(), "", new Libraries.Needs(Set.of(), Set.of()));
            Discoverer.directory(node, tree.directory().orElseThrow());
            if (!TestChooser.isRun(node, true)) {
                state = State.DISABLED;
                words = node.bool("enabled", true) ? "manual" : "disabled";
            }
        } catch (FmfException e) {
            state = State.REFUSED;
            words = String.valueOf(e.getMessage());
        }
        findings.add(finding(Kind.TEST, node.name(), state, words, node, keys.warnings()));
    }

    private static FmfFinding finding(
            Kind kind, String name, State state, String words, FmfNode node, List<String> warnings) {
        Map<Fate, List<String>> known = new EnumMap<>(Fate.class);
        List<String> others = new ArrayList<>();
        for (String key : node.data().keySet()) {
            FmfKey found = FmfKey.find(kind == Kind.PLAN ? Where.PLAN : Where.TEST, key);
            if (found == null) {
                others.add(key);
            } else {
                known.computeIfAbsent(found.fate(), unused -> new ArrayList<>()).add(key);
            }
        }
        return new FmfFinding(kind, name, state, words, known, others, warnings);
    }
}
