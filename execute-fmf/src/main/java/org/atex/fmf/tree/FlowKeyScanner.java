package org.atex.fmf.tree;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.scanner.Scanner;
import org.snakeyaml.engine.v2.scanner.ScannerImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.tokens.KeyToken;
import org.snakeyaml.engine.v2.tokens.ScalarToken;
import org.snakeyaml.engine.v2.tokens.Token;

/** Scans with one rule of YAML 1.1 that the engine has dropped: in flow context {@code ?} begins a key, blank or not. */
final class FlowKeyScanner implements Scanner {
    private final Scanner scanner;
    private final Deque<Token> ready = new ArrayDeque<>(2);
    private int flowLevel;
    private Token.@Nullable ID last;

    FlowKeyScanner(LoadSettings settings, StreamReader reader) {
        this.scanner = new ScannerImpl(settings, reader);
    }

    @Override
    public boolean checkToken(Token.ID... choices) {
        if (!hasNext()) {
            return false;
        }
        var id = peekToken().getTokenId();
        for (var choice : choices) {
            if (id == choice) {
                return true;
            }
        }
        return choices.length == 0;
    }

    @Override
    public boolean checkToken(Token.ID choice) {
        return hasNext() && peekToken().getTokenId() == choice;
    }

    @Override
    public Token peekToken() {
        fill();
        return ready.getFirst();
    }

    @Override
    public boolean hasNext() {
        return !ready.isEmpty() || scanner.hasNext();
    }

    @Override
    public Token next() {
        fill();
        return ready.removeFirst();
    }

    @Override
    public void resetDocumentIndex() {
        scanner.resetDocumentIndex();
    }

    private void fill() {
        if (!ready.isEmpty()) {
            return;
        }
        // Taking a token without looking at it first may miss that it begins a key.
        var token = scanner.peekToken();
        scanner.next();
        var id = token.getTokenId();
        switch (id) {
            case FlowSequenceStart, FlowMappingStart -> flowLevel++;
            case FlowSequenceEnd, FlowMappingEnd -> flowLevel--;
            case Scalar -> token = flowLevel > 0 ? withoutKeyMark((ScalarToken) token) : token;
            default -> {}
        }
        last = id;
        ready.addLast(token);
    }

    private Token withoutKeyMark(ScalarToken scalar) {
        if (!scalar.isPlain() || !scalar.getValue().startsWith("?")) {
            return scalar;
        }
        if (last != Token.ID.Key) {
            ready.addLast(new KeyToken(scalar.getStartMark(), scalar.getStartMark()));
        }
        return new ScalarToken(scalar.getValue().substring(1), true, scalar.getStartMark(), scalar.getEndMark());
    }
}
