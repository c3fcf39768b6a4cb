import { describeFaults } from '../support/fault-matrix/suite.ts'

describeFaults('tushare')
