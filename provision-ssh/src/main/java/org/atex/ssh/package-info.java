/** Systems that are reached over ssh: a connection, and where hosts come from. */
@NullMarked
package org.atex.ssh;

import org.jspecify.annotations.NullMarked;
