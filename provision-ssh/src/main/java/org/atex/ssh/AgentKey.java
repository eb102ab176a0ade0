package org.atex.ssh;

import java.io.IOException;
import net.schmizz.sshj.common.Buffer;
import net.schmizz.sshj.common.Message;
import net.schmizz.sshj.common.SSHPacket;
import net.schmizz.sshj.transport.TransportException;
import net.schmizz.sshj.userauth.UserAuthException;
import net.schmizz.sshj.userauth.method.AbstractAuthMethod;

/**
 * Public key authentication (RFC 4252 §7) with a private key that stays in an ssh agent. The client offers the public
 * key first; once the server accepts it, the agent signs the request.
 */
final class AgentKey extends AbstractAuthMethod {
    /** The flag {@code SSH_AGENT_RSA_SHA2_512}: without it agents sign with SHA-1, which servers refuse. */
    private static final int RSA_SHA2_512 = 4;

    private final AgentClient agent;
    private final byte[] offeredKey;
    private final byte[] agentKey;

    /**
     * Creates the authentication method.
     *
     * @param agent the agent that signs
     * @param offeredKey the public key or certificate that is offered to the host, in the format of RFC 4253 §6.6
     * @param agentKey the key or certificate by which the agent knows its private key, in the same format
     */
    AgentKey(AgentClient agent, byte[] offeredKey, byte[] agentKey) {
        super("publickey");
        this.agent = agent;
        this.offeredKey = offeredKey.clone();
        this.agentKey = agentKey.clone();
    }

    private static String type(byte[] key) throws UserAuthException {
        try {
            return new Buffer.PlainBuffer(key).readString();
        } catch (Buffer.BufferException e) {
            throw new UserAuthException("the agent listed a malformed key", e);
        }
    }

    private static boolean isRsa(String type) {
        return type.startsWith("ssh-rsa");
    }

    /** {@return the signature algorithm to announce} RSA keys sign with SHA-512 (RFC 8332), not with SHA-1. */
    private static String algorithm(String type) {
        return !isRsa(type) ? type : type.equals("ssh-rsa") ? "rsa-sha2-512" : KeyKinds.RSA_CERTIFICATE;
    }

    private SSHPacket request(boolean signed) throws UserAuthException {
        return super.buildReq()
                .putBoolean(signed)
                .putString(algorithm(type(offeredKey)))
                .putString(offeredKey);
    }

    @Override
    protected SSHPacket buildReq() throws UserAuthException {
        return request(false);
    }

    @Override
    public void handle(Message message, SSHPacket packet) throws UserAuthException, TransportException {
        // 60 is SSH_MSG_USERAUTH_PK_OK: the server accepts the key and waits for a signature.
        if (message != Message.USERAUTH_60) {
            super.handle(message, packet);
            return;
        }
        SSHPacket request = request(true);
        byte[] data = new Buffer.PlainBuffer()
                .putString(params.getTransport().getSessionID())
                .putBuffer(request)
                .getCompactData();
        try {
            int flags = isRsa(type(offeredKey)) ? RSA_SHA2_512 : 0;
            params.getTransport().write(request.putString(agent.sign(agentKey, data, flags)));
        } catch (IOException e) {
            throw new UserAuthException("the agent could not sign", e);
        }
    }
}
