/** Systems that are reached over ssh: a connection, and where hosts come from. */
@NullMarked
@Stable
package org.atex.ssh;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
