/** Systems over ssh: connections, and sources of hosts. */
@NullMarked
@Stable
package org.atex.ssh;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
