/** Systems over ssh: connections, and sources of hosts. */
@NullMarked
package org.atex.ssh;

import org.jspecify.annotations.NullMarked;
